"""What Word's paragraph styles say of a paragraph: whether it is a heading, of which level, and in which list it is."""

import re
from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.docx_elements import find, number, value
from services.extraction.extractors.xml_parts import attribute

_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)
_TITLE = "title"
_LONGEST_CHAIN = 20
"""Styles build on styles; a longer chain than this is a loop."""
_OUTLINE_LEVELS = 9


class Styles:
    """The styles of one document; without a style part only the built-in names tell headings."""

    def __init__(self, root: Any) -> None:
        styles = root.iterfind("{*}style") if root is not None else ()
        self._by_id = {attribute(style, "styleId"): style for style in styles}
        self._levels: dict[str, int] = {}
        self._lists: dict[str, tuple[str, int | None]] = {}

    def heading_level(self, properties: Any) -> int:
        """Return the level, from 1, of the heading that a paragraph of these properties (``w:pPr``) is, else 0."""
        outline = find(properties, "outlineLvl")
        if outline is not None:
            return _outline_level(properties, "outlineLvl") or 0
        style_id = value(properties, "pStyle")
        if style_id not in self._levels:
            self._levels[style_id] = self._inherited_level(style_id)
        return self._levels[style_id]

    def list_of(self, style_id: str) -> tuple[str, int | None]:
        """Return the numbering instance that a style puts its paragraphs in, "" for none, and its level if it says."""
        if style_id not in self._lists:
            self._lists[style_id] = self._inherited_list(style_id)
        return self._lists[style_id]

    def _inherited_list(self, style_id: str) -> tuple[str, int | None]:
        for style in self._chain(style_id):
            if find(style, "pPr/numPr") is not None:
                level = find(style, "pPr/numPr/ilvl")
                return value(style, "pPr/numPr/numId"), None if level is None else number(style, "pPr/numPr/ilvl")
        return "", None

    def _inherited_level(self, style_id: str) -> int:
        if style_id not in self._by_id:
            return _named_level(style_id) or 0
        return next((level for level in map(_own_level, self._chain(style_id)) if level is not None), 0)

    def _chain(self, style_id: str) -> Iterator[Any]:
        """Give a style and those it builds on, nearest first."""
        for _ in range(_LONGEST_CHAIN):
            style = self._by_id.get(style_id)
            if style is None:
                return
            yield style
            style_id = value(style, "basedOn")


def _own_level(style: Any) -> int | None:
    """Read a style's level by name or outline level.

    Word keeps the built-in names in English whatever language it speaks (ECMA-376 part 1, 17.7.4.9).
    """
    named = _named_level(value(style, "name"))
    return named if named is not None else _outline_level(style, "pPr/outlineLvl")


def _named_level(name: str) -> int | None:
    if match := _HEADING.fullmatch(name):
        return int(match[1])
    return 1 if name.lower() == _TITLE else None


def _outline_level(element: Any, names: str) -> int | None:
    """Return an outline level counted from 1, 0 for body text, None where none is set."""
    if find(element, names) is None:
        return None
    level = number(element, names, _OUTLINE_LEVELS)
    return level + 1 if level < _OUTLINE_LEVELS else 0
