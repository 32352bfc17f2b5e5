"""Running headers and footers: kept where they first stand, dropped from the pages after it.

A line goes only if it is among the first or last of its page, stands in the outer margin, and one of the two pages
before has the same line at its edge; numbers may differ where they count the pages. Pages stream, so this looks back
only. When in doubt a line stays: a repeated line costs little, a lost one much.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_EDGE_LINES = 2
_PAGES_BACK = 2
"""Books have one header on left pages and another on right ones."""
_LONGEST_LINE = 200
_NUMBER = re.compile(r"\d+")

_MARGIN, _NUMBERED_MARGIN = 0.08, 0.13
"""Shares of the page's height. A line that counts the pages is no heading of a table that goes on, so it may be further
inside, where LaTeX puts it."""

InMargin = Callable[[str, float], bool]
"""Whether a line stands in the outer share of its page; asked only for lines that are candidates."""


@dataclass(frozen=True, slots=True)
class _Edges:
    """The lines at the edges of one page, by their text without numbers."""

    number: int
    lines: dict[str, str]


class RunningLines:
    """Remembers the edges of the pages before; ``remove`` is called for every page, in order."""

    def __init__(self) -> None:
        self._before: deque[_Edges] = deque(maxlen=_PAGES_BACK)

    def remove(self, text: str, number: int, in_margin: InMargin) -> str:
        """Give the text of page ``number`` without the lines that run on from the pages before."""
        lines = text.split("\n")
        filled = [index for index, line in enumerate(lines) if line.strip()]
        edges = {index: lines[index].strip() for index in (*filled[:_EDGE_LINES], *filled[-_EDGE_LINES:])}
        edges = {index: line for index, line in edges.items() if len(line) <= _LONGEST_LINE}
        dropped = {index for index, line in edges.items() if self._runs(line, number, in_margin)}
        self._before.append(_Edges(number, {_NUMBER.sub("#", line): line for line in edges.values()}))
        if not dropped or len(dropped) == len(filled):
            return text
        return "\n".join(line for index, line in enumerate(lines) if index not in dropped).strip("\n")

    def _runs(self, line: str, number: int, in_margin: InMargin) -> bool:
        for edges in self._before:
            earlier = edges.lines.get(_NUMBER.sub("#", line))
            if earlier == line:
                return in_margin(line, _MARGIN)
            if earlier and _counts(earlier, line, number - edges.number):
                return in_margin(line, _NUMBERED_MARGIN)
        return False


def _counts(earlier: str, line: str, pages: int) -> bool:
    """Whether the numbers of two lines that are otherwise the same count the pages between them."""
    numbers = zip(_NUMBER.findall(earlier), _NUMBER.findall(line), strict=True)
    return all(before == after or int(after) - int(before) == pages for before, after in numbers)
