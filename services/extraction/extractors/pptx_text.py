"""Text of DrawingML bodies (ECMA-376 part 1, §21.1.2): paragraphs with their bullets and numbers."""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.shifted_text import shifted
from services.extraction.extractors.xml_parts import local_name, whole_number

_INDENT = "  "
_DEEPEST_LEVEL = 8
_UNSEEN_FIELDS = {"slidenum"}


def body_text(body: Any) -> str:
    """Return a text body's paragraphs, one to a line; bullets and numbers as in Markdown."""
    return "\n".join(_lines(body)).strip("\n")


def paragraph_text(paragraph: Any) -> str:
    """Return the text of runs, fields, breaks and formulas."""
    return "".join(_pieces(paragraph)).strip()


def _lines(body: Any) -> Iterator[str]:
    """Give the paragraphs; a numbered list goes on while its paragraphs follow one another on their level."""
    counts: dict[int, int] = {}
    for paragraph in body.iterfind("{*}p"):
        text = paragraph_text(paragraph)
        if not text:
            continue
        properties = paragraph.find("{*}pPr")
        level = _level(properties)
        number = properties.find("{*}buAutoNum") if properties is not None else None
        counts = {
            known: count for known, count in counts.items() if known < level or (known == level and number is not None)
        }
        if number is not None:
            counts[level] = counts[level] + 1 if level in counts else whole_number(number.get("startAt", ""), 1)
            yield f"{_INDENT * level}{counts[level]}. {text}"
        elif level or (properties is not None and properties.find("{*}buChar") is not None):
            yield f"{_INDENT * level}- {text}"
        else:
            yield text


def _level(properties: Any) -> int:
    return whole_number(properties.get("lvl", ""), 0, _DEEPEST_LEVEL) if properties is not None else 0


def _pieces(element: Any) -> Iterator[str]:
    """Give the text below an element; of alternate content the first choice that has any, else the fallback."""
    for child in element:
        name = local_name(child)
        if name == "t":
            yield shifted(child.text or "", _position(element))
        elif name == "br":
            yield "\n"
        elif name == "AlternateContent":
            yield next(filter(None, ("".join(_pieces(choice)) for choice in child)), "")
        elif name != "fld" or child.get("type") not in _UNSEEN_FIELDS:
            yield from _pieces(child)


def _position(run: Any) -> str:
    """Return where a run's baseline puts it: a percentage above the line, or below it where negative."""
    properties = run.find("{*}rPr")
    baseline = properties.get("baseline", "") if properties is not None else ""
    if baseline.startswith("-"):
        return "subscript"
    return "superscript" if baseline.strip("0%") else ""
