"""The numbers that Word shows before paragraphs, counted as Word counts them (ECMA-376 part 1, 17.9).

A document stores only that a paragraph is in a list; ``2.1`` and ``(c)`` are made from the list's definition, and a
reader who cites "section 2.1" must find it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.extraction.extractors.docx_elements import find, is_on, number, value
from services.extraction.extractors.list_numbers import formatted
from services.extraction.extractors.xml_parts import attribute

BULLET = "-"
DEEPEST_LEVEL = 8
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None
    """The level, from 1, whose use starts this one anew; 0 for none; None for any higher level."""
    legal: bool = False
    """Whether the numbers of higher levels are shown in digits."""
    style: str = ""


@dataclass(slots=True)
class _List:
    """An abstract numbering, whose instances go on counting from each other."""

    levels: Mapping[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Instance:
    list: _List
    levels: Mapping[int, _Level]
    starts: dict[int, int]
    """Levels that begin anew when this instance is first used."""


class Numbering:
    """Counts the paragraphs of one document; ask once for every numbered paragraph, in order."""

    def __init__(self, root: Any) -> None:
        lists, aliases, self._instances = {}, {}, {}
        for abstract in root.iterfind("{*}abstractNum") if root is not None else ():
            lists[attribute(abstract, "abstractNumId")] = (value(abstract, "numStyleLink"), _List(_levels(abstract)))
            aliases[value(abstract, "styleLink")] = lists[attribute(abstract, "abstractNumId")][1]
        for instance in root.iterfind("{*}num") if root is not None else ():
            link, found = lists.get(value(instance, "abstractNumId"), ("", None))
            found = aliases.get(link, found) if link else found
            if found is not None:
                self._instances[attribute(instance, "numId")] = _instance(instance, found)

    def level_of_style(self, instance_id: str, style_id: str) -> int:
        """Return the level that a list's definition ties to a style, the highest if none."""
        instance = self._instances.get(instance_id)
        tied = (level for level, found in instance.levels.items() if found.style == style_id) if instance else ()
        return next(iter(tied), 0)

    def marker(self, instance_id: str, level: int) -> str:
        """Count one paragraph and return what stands before it: a number, a bullet, or "" for nothing."""
        instance = self._instances.get(instance_id)
        if instance is None:
            return BULLET if instance_id not in {"", "0"} else ""
        level = min(level, DEEPEST_LEVEL)
        _count(instance, level)
        shown = instance.levels.get(level, _Level())
        if shown.format == "bullet":
            return BULLET
        return _PLACE.sub(lambda place: _number(instance, int(place[1]) - 1, digits=shown.legal), shown.text)


def _levels(definition: Any) -> dict[int, _Level]:
    return {_index(level): _level(level) for level in definition.iterfind("{*}lvl")}


def _level(level: Any) -> _Level:
    restart = find(level, "lvlRestart")
    return _Level(
        start=number(level, "start", 0),
        format=value(level, "numFmt") or "decimal",
        text=value(level, "lvlText"),
        restart=None if restart is None else number(level, "lvlRestart"),
        legal=is_on(level, "isLgl"),
        style=value(level, "pStyle"),
    )


def _index(element: Any) -> int:
    index = attribute(element, "ilvl")
    return int(index) if index in set("012345678") else 0


def _instance(element: Any, found: _List) -> _Instance:
    levels, starts = dict(found.levels), {}
    for override in element.iterfind("{*}lvlOverride"):
        index = _index(override)
        if (level := find(override, "lvl")) is not None:
            levels[index] = _level(level)
        if find(override, "startOverride") is not None:
            starts[index] = number(override, "startOverride")
    return _Instance(found, levels, starts)


def _count(instance: _Instance, level: int) -> None:
    counts = instance.list.counts
    if level in instance.starts:
        counts[level] = instance.starts.pop(level)
    elif level in counts:
        counts[level] += 1
    else:
        counts[level] = instance.levels.get(level, _Level()).start
    for deeper in [index for index in counts if index > level]:
        restart = instance.levels.get(deeper, _Level()).restart
        if restart is None or level < restart:
            del counts[deeper]


def _number(instance: _Instance, level: int, *, digits: bool) -> str:
    definition = instance.levels.get(level, _Level())
    count = instance.list.counts.get(level, definition.start)
    return formatted(count, "decimal" if digits else definition.format)
