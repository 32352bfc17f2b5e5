"""What is drawn on a sheet rather than written into it: text boxes, charts and diagrams (ECMA-376 part 1, §20 and §21).

Elements are told by their local names, in which the strict and transitional dialects agree.
"""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.chart_tables import chart_blocks
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.pptx_text import paragraph_text
from services.extraction.extractors.xml_parts import attribute, local_name, parse_part

_FALLBACK = "Fallback"
"""The copy of alternate content for programs that do not understand the first choice."""


def drawing_lines(package: Package, part: str) -> Iterator[str]:
    """Give the text of a drawing, paragraph by paragraph, with its charts and diagrams at their places."""
    targets = {found.id: found.target for found in package.relationships(part) if not found.external}
    for element in _walk(package.parse(part)):
        name = local_name(element)
        if name == "p":
            yield from filter(None, [paragraph_text(element)])
        elif name == "cNvPr" and element.get("descr"):
            yield f"[Picture: {element.get('descr')}]"
        elif name == "chart":
            yield from _chart(package, targets.get(attribute(element, "id"), ""))
        elif name == "relIds":
            yield from _diagram(package, targets.get(attribute(element, "dm"), ""))


def vml_lines(package: Package, part: str) -> Iterator[str]:
    """Give the text of a drawing in VML, where older workbooks keep boxes and buttons (ECMA-376 part 4, §19)."""
    with package.open(part) as stream:
        root = parse_part(stream, forgiving=True)  # Excel writes <br> as HTML does
    boxes = [] if root is None else root.iter("{*}textbox")
    yield from filter(None, (" ".join("".join(box.itertext()).split()) for box in boxes))


def _chart(package: Package, part: str) -> Iterator[str]:
    """Give a chart, then what is drawn on the chart itself."""
    if part in package:
        yield from chart_blocks(package.parse(part))
        for drawing in package.related(part, "chartUserShapes"):
            yield from drawing_lines(package, drawing)


def _diagram(package: Package, part: str) -> Iterator[str]:
    if part in package:
        yield from filter(None, map(paragraph_text, package.parse(part).iter("{*}p")))


def _walk(element: Any) -> Iterator[Any]:
    """Give an element and all below it, without the copies of alternate content."""
    if local_name(element) != _FALLBACK:
        yield element
        for child in element:
            yield from _walk(child)
