"""Cut pages into passages: a page as it is, or where it is long, stretches that end where the text does."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

LONGEST_CHARS = 2400
"""A page longer than this is cut."""
SHORTEST_CHARS = 400
"""Passages are never made shorter than this on purpose, however little room there is."""

_BREAKS = ("\n\n", "\n", ". ", "。", " ")
"""Where a passage may end, the best first."""


@dataclass(frozen=True)
class Span:
    """Where a passage stands in its page, in characters."""

    page: int
    start: int
    end: int


@dataclass(frozen=True)
class Passage:
    """Text that goes into a prompt, and where it comes from. ``start`` is its first character's place in its page."""

    file_id: UUID
    page: int
    start: int
    text: str


def cut(page: int, text: str, longest: int = LONGEST_CHARS) -> Iterator[Span]:
    """Yield the spans that cover a page, in order; blank ones are left out."""
    start = 0
    while start < len(text):
        end = _end(text, start, longest)
        if text[start:end].strip():
            yield Span(page, start, end)
        start = end


def _end(text: str, start: int, longest: int) -> int:
    """Find the last good break in the second half of what may be taken, else take all of it."""
    limit = start + longest
    if limit >= len(text):
        return len(text)
    for mark in _BREAKS:
        found = text.rfind(mark, start + longest // 2, limit)
        if found >= 0:
            return found + len(mark)
    return limit
