"""Which Word styles are headings, and of which level."""

import re
from typing import Any

from docx.oxml.ns import qn

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LONGEST_CHAIN = 20
"""Styles build on styles; a longer chain than this is a loop."""


def heading_levels(document: Any) -> dict[str, int]:
    """Map style ids to heading levels from 1, by built-in name or outline level, inherited along ``basedOn``.

    Word keeps the built-in names in English whatever language it speaks (ECMA-376 part 1, 17.7.4.9).
    """
    styles = document.styles.element.findall(qn("w:style"))
    by_id = {style.get(qn("w:styleId")): style for style in styles}
    levels = {style_id: _level(style_id, by_id) for style_id in by_id}
    return {style_id: level for style_id, level in levels.items() if level}


def _level(style_id: str, by_id: dict[str, Any]) -> int | None:
    current: str | None = style_id
    for _ in range(_LONGEST_CHAIN):
        style = by_id.get(current) if current else None
        if style is None:
            return None
        if level := _own_level(style):
            return level
        current = _value(style, "w:basedOn")
    return None


def _own_level(style: Any) -> int | None:
    name = _value(style, "w:name") or ""
    if match := _HEADING.fullmatch(name):
        return int(match[1])
    if name.lower() == "title":
        return 1
    outline = _value(style, "w:pPr/w:outlineLvl")
    return int(outline) + 1 if outline and outline in "012345678" else None


def _value(element: Any, path: str) -> str | None:
    found = element.find("/".join(qn(step) for step in path.split("/")))
    value: str | None = found.get(qn("w:val")) if found is not None else None
    return value
