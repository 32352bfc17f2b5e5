"""What the styles of an OpenDocument text say that changes its text (ODF 1.3 part 3, §16 and §20)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.extraction.extractors.list_numbers import formatted
from services.extraction.extractors.xml_parts import attribute, local_name, whole_number

BULLET = "-"
_DEEPEST_LEVEL = 10
_PLACE = re.compile(r"%(\d+)%")
_FORMATS_OF_NUMBERS = "list-level-style-number", "outline-level-style"


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered; without a format its items have a bullet, or nothing in an outline."""

    format: str = ""
    prefix: str = ""
    suffix: str = ""
    shown_levels: int = 1
    start: int = 1
    pattern: str = ""
    """How the numbers of the levels are put together, ``%1%.%2%``, where a writer says so."""


ListStyle = Mapping[int, Level]


@dataclass(slots=True)
class Styles:
    """The styles of one document by name; those of the content come after the common ones and replace them."""

    lists: dict[str, ListStyle] = field(default_factory=dict)
    outline: ListStyle = field(default_factory=dict)
    struck: set[str] = field(default_factory=set)
    shifted: dict[str, str] = field(default_factory=dict)
    """Styles of raised or lowered text: ``superscript`` or ``subscript``."""
    new_page: set[str] = field(default_factory=set)

    def add(self, styles: Iterable[Any]) -> None:
        """Take the styles in an ``office:styles`` or ``office:automatic-styles``."""
        for style in styles:
            name = local_name(style)
            if name == "list-style":
                self.lists[attribute(style, "name")] = _levels(style)
            elif name == "outline-style":
                self.outline = _levels(style)
            elif name == "style":
                self._add_style(style)

    def _add_style(self, style: Any) -> None:
        name = attribute(style, "name")
        for properties in style:
            if attribute(properties, "text-line-through-style") not in {"", "none"}:
                self.struck.add(name)
            if shift := _shift(attribute(properties, "text-position")):
                self.shifted[name] = shift
            if attribute(properties, "break-before") == "page":
                self.new_page.add(name)


def marker(style: ListStyle, level: int, counts: Mapping[int, int]) -> str:
    """Return what stands before an item of this level: its number, put together from those of higher levels."""
    shown = style.get(level, Level())
    if not shown.format:
        return ""

    def at(index: int) -> str:
        of_level = style.get(index, shown)
        return formatted(counts.get(index, of_level.start), of_level.format)

    if shown.pattern:
        return _PLACE.sub(lambda place: at(min(int(place[1][-2:]), level)), shown.pattern)
    numbers = ".".join(at(index) for index in range(max(1, level - shown.shown_levels + 1), level + 1))
    return f"{shown.prefix}{numbers}{shown.suffix}"


def _levels(style: Any) -> dict[int, Level]:
    return {whole_number(attribute(level, "level"), 1, _DEEPEST_LEVEL): _level(level) for level in style}


def _level(level: Any) -> Level:
    if local_name(level) not in _FORMATS_OF_NUMBERS:
        return Level()
    return Level(
        format=attribute(level, "num-format"),
        prefix=attribute(level, "num-prefix"),
        suffix=attribute(level, "num-suffix"),
        shown_levels=whole_number(attribute(level, "display-levels"), 1, _DEEPEST_LEVEL),
        start=whole_number(attribute(level, "start-value"), 1),
        pattern=attribute(level, "num-list-format"),
    )


def _shift(position: str) -> str:
    """Read ``super 58%`` or a percentage of raising (20.393)."""
    raised = position.partition(" ")[0]
    if raised in {"", "0%"}:
        return ""
    return "subscript" if raised == "sub" or raised.startswith("-") else "superscript"
