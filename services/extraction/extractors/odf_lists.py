"""The numbers of OpenDocument lists and headings, counted as their elements say (ODF 1.3 part 3, §5.3 and 19.880)."""

from dataclasses import dataclass, field
from typing import Any

from services.extraction.extractors.odf_styles import BULLET, ListStyle, Styles, marker
from services.extraction.extractors.xml_parts import attribute, whole_number


@dataclass(slots=True)
class OpenList:
    """A list being read: its style and the counts of its levels, which the lists inside it share."""

    style: ListStyle
    counts: dict[int, int] = field(default_factory=dict)
    level: int = 1
    continues: bool = False
    """Whether it goes on where another left off; so do the lists inside it until it has an item of its own."""


class ListCounter:
    """Counts the lists of one document."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._headings: dict[int, int] = {}
        self._by_style: dict[str, OpenList] = {}
        self._by_id: dict[str, OpenList] = {}

    def open(self, element: Any, outer: OpenList | None) -> OpenList:
        """Begin a list, inside ``outer`` if there is one, where another left off if the element says so."""
        name = attribute(element, "style-name")
        continued = self._by_id.get(attribute(element, "continue-list"))
        if attribute(element, "continue-numbering") == "true":
            continued = continued or self._by_style.get(name)
        if outer is None:
            counts = continued.counts if continued else {}
            opened = OpenList(self._styles.lists.get(name, {}), counts, continues=bool(continued))
        else:
            style, continues = self._styles.lists.get(name, outer.style), outer.continues or bool(continued)
            opened = OpenList(style, outer.counts, outer.level + 1, continues)
            if not continues:
                outer.counts.pop(opened.level, None)
        self._by_style[name] = opened
        if name_of_list := attribute(element, "id"):
            self._by_id[name_of_list] = opened
        return opened

    def item(self, opened: OpenList, element: Any) -> str:
        """Count an item and return what stands before it."""
        start = opened.style[opened.level].start if opened.level in opened.style else 1
        opened.continues = False
        _count(opened.counts, opened.level, attribute(element, "start-value"), start)
        return marker(opened.style, opened.level, opened.counts) or BULLET

    def heading(self, element: Any, level: int) -> str:
        """Count a heading and return its number in the outline, "" when the outline has none at its level."""
        if attribute(element, "is-list-header") == "true":
            return ""
        start = self._styles.outline[level].start if level in self._styles.outline else 1
        _count(self._headings, level, attribute(element, "start-value"), start)
        return marker(self._styles.outline, level, self._headings)


def _count(counts: dict[int, int], level: int, restart: str, start: int) -> None:
    counts[level] = whole_number(restart, counts[level] + 1 if level in counts else start)
    for deeper in [index for index in counts if index > level]:
        del counts[deeper]
