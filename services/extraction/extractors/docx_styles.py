"""Which Word styles are headings, of which level, and which are lists."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LONGEST_CHAIN = 20
"""Styles build on styles; a longer chain than this is a loop."""


@dataclass(frozen=True)
class Styles:
    """What paragraph styles mean, by style id."""

    heading_levels: Mapping[str, int]
    """Levels count from 1."""
    lists: frozenset[str]


def read_styles(document: Any) -> Styles:
    """Read headings by built-in name or outline level and lists by numbering, both inherited along ``basedOn``.

    Word keeps the built-in names in English whatever language it speaks (ECMA-376 part 1, 17.7.4.9).
    """
    by_id = {style.get(qn("w:styleId")): style for style in document.styles.element.findall(qn("w:style"))}
    levels = {style_id: next(filter(None, map(_own_level, _chain(style_id, by_id))), 0) for style_id in by_id}
    lists = {style_id for style_id in by_id if any(map(_is_list, _chain(style_id, by_id)))}
    return Styles({style_id: level for style_id, level in levels.items() if level}, frozenset(lists))


def _chain(style_id: str, by_id: Mapping[str, Any]) -> Iterator[Any]:
    """Give a style and those it builds on, nearest first."""
    current: str | None = style_id
    for _ in range(_LONGEST_CHAIN):
        style = by_id.get(current) if current else None
        if style is None:
            return
        yield style
        current = _value(style, "w:basedOn")


def _is_list(style: Any) -> bool:
    return style.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None


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
