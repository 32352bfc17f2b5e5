"""What is drawn rather than written: text boxes, charts and diagrams in DrawingML (ECMA-376 part 1, §20 and §21).

Elements are told by their local names, in which the strict and transitional dialects agree.
"""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.number_formats import number_format
from services.extraction.extractors.ooxml_package import Package, attribute
from services.extraction.extractors.xml_parts import local_name

_CATEGORIES_PER_LINE = 100
_CHART_KINDS = ("chart", "chartEx")
_FALLBACK = "Fallback"
"""The copy of alternate content for programs that do not understand the first choice."""


def drawing_lines(package: Package, part: str) -> Iterator[str]:
    """Give the text of a drawing, paragraph by paragraph, with its charts and diagrams at their places."""
    targets = {found.id: found for found in package.relationships(part)}
    for element in _walk(package.parse(part)):
        name = local_name(element)
        if name == "p":
            yield from filter(None, [_paragraph(element)])
        elif name == "cNvPr" and element.get("descr"):
            yield f"[Picture: {element.get('descr')}]"
        elif name in {"chart", "relIds"}:
            target = targets.get(attribute(element, "id" if name == "chart" else "dm"))
            if target and not target.external and target.target in package:
                yield from (
                    chart_lines(package, target.target) if name == "chart" else _paragraphs(package, target.target)
                )


def chart_lines(package: Package, part: str) -> Iterator[str]:
    """Give a chart's title, axes, series and categories; its values stand in the cells that it shows."""
    root = package.parse(part)
    yield f"Chart: {_title(root)}".rstrip(" :")
    axes = [_title(axis) for axis in root.iter() if local_name(axis) in {"catAx", "valAx", "dateAx", "serAx", "axis"}]
    if any(axes):
        yield f"Axes: {', '.join(filter(None, axes))}"
    names = [_cached(tx) for series in root.iter("{*}ser", "{*}series") for tx in series.iterchildren("{*}tx")]
    if any(names):
        yield f"Series: {', '.join(' '.join(name) for name in names if name)}"
    categories = list(dict.fromkeys(text for found in root.iter("{*}cat", "{*}strDim") for text in _cached(found)))
    for start in range(0, len(categories), _CATEGORIES_PER_LINE):
        yield f"Categories: {', '.join(categories[start : start + _CATEGORIES_PER_LINE])}"
    for drawing in package.related(part, "chartUserShapes"):
        yield from drawing_lines(package, drawing)


def _paragraphs(package: Package, part: str) -> Iterator[str]:
    return filter(None, (_paragraph(found) for found in package.parse(part).iter("{*}p")))


def _walk(element: Any) -> Iterator[Any]:
    """Give an element and all below it, without the copies of alternate content."""
    if local_name(element) != _FALLBACK:
        yield element
        for child in element:
            yield from _walk(child)


def _paragraph(element: Any) -> str:
    return "".join(text.text or "" for text in element.iter("{*}t")).strip()


def _title(parent: Any) -> str:
    """Return the title that belongs to a chart or axis itself, written there or cached from a cell."""
    found = parent.find("{*}title") if local_name(parent) != "chartSpace" else parent.find("{*}chart/{*}title")
    if found is None:
        return ""
    return " ".join(filter(None, map(_paragraph, found.iter("{*}p")))) or " ".join(_cached(found))


def _cached(reference: Any) -> list[str]:
    """Return the values that a chart keeps of the cells it refers to, shown in their format."""
    code = next((found.text for found in reference.iter("{*}formatCode")), None)
    values = [value.text or "" for value in reference.iter("{*}v")]
    values = values or [point.text or "" for point in reference.iter("{*}pt")]
    return [_shown(value, code) for value in values if value]


def _shown(value: str, code: str | None) -> str:
    try:
        return number_format(code).number(float(value)) if code else value
    except (ValueError, OverflowError):
        return value
