"""Looking at WordprocessingML elements by local name, in which the strict and transitional dialects agree."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from services.extraction.extractors.xml_parts import attribute, local_name

SKIPPED = frozenset(
    {"del", "moveFrom", "delText", "delInstrText", "pPr", "rPr", "tblPr", "tblPrEx", "tblGrid", "trPr", "tcPr"}
    | {"sectPr", "sdtPr", "sdtEndPr", "rubyPr", "annotationRef", "binData", "wsdr", "posOffset", "align", "pctWidth"}
    | {"pctHeight", "ctrlPr"}
)
"""What a reader of the document does not see: deleted text, properties, the numbers of drawings' positions."""

_OFF = frozenset(("0", "false", "off"))
_LARGEST = 1_000_000_000


@cache
def _path(names: str) -> str:
    return "/".join(f"{{*}}{name}" for name in names.split("/"))


def find(element: Any, names: str) -> Any:
    """Return the descendant at a path of local names (``pPr/pStyle``), None without it or without the element."""
    return element.find(_path(names)) if element is not None and len(element) else None


def value(element: Any, names: str) -> str:
    """Return the ``val`` of the descendant at a path, "" where there is none."""
    found = find(element, names)
    return attribute(found, "val") if found is not None else ""


def number(element: Any, names: str, otherwise: int = 0) -> int:
    """Return the ``val`` of the descendant at a path as a number that is not negative."""
    text = value(element, names)
    return (
        min(int(text), _LARGEST)
        if text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST))
        else otherwise
    )


def is_on(element: Any, names: str) -> bool:
    """Return whether a property is there and not switched off (ECMA-376 part 1, 17.17.4)."""
    found = find(element, names)
    return found is not None and attribute(found, "val").lower() not in _OFF


def nearest(element: Any, *names: str) -> Iterator[Any]:
    """Give the nearest elements of these names, looking through wrappers such as content controls."""
    for child in element:
        name = local_name(child)
        if name in names:
            yield child
        elif name == "AlternateContent":
            yield from next(filter(None, ([*nearest(branch, *names)] for branch in child)), [])
        elif name not in SKIPPED:
            yield from nearest(child, *names)
