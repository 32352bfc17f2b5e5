"""Fill a token budget with passages so that every document gets its say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.gateway.chat.passages import Span

_WORTHWHILE_TOKENS = 100
"""A document's best passage may take this much even where its fair share is less."""
_SHORTEST_TOKENS = 24
"""A passage is not cut down to less than this to make it fit."""


@dataclass(frozen=True)
class Candidate:
    """A passage that competes for room; ``tokens`` counts its text and its marking."""

    file_id: UUID
    span: Span
    tokens: int


class Basket:
    """Takes passages in rounds: each document's best, then within each one's fair share, then whatever is left.

    ``most`` bounds the number of passages taken; ``None`` leaves that to the budget.
    """

    def __init__(self, budget: int, shares: Mapping[UUID, int], most: int | None) -> None:
        self._left = budget
        self._shares = shares
        self._most = most
        self._used: dict[UUID, int] = {}
        self._taken: dict[Candidate, Span] = {}

    def fill(self, ranked: Sequence[Candidate]) -> None:
        """Choose among candidates, the best first."""
        for candidate in ranked:
            if candidate.file_id not in self._used:
                room = max(self._shares[candidate.file_id], _WORTHWHILE_TOKENS)
                self._take(candidate, min(room, self._left))
        for candidate in ranked:
            self._take(candidate, self._shares[candidate.file_id] - self._used.get(candidate.file_id, 0), whole=True)
        for candidate in ranked:
            self._take(candidate, self._left, whole=True)

    def spans(self, file_id: UUID) -> list[Span]:
        """Return what was chosen of a document."""
        return [span for candidate, span in self._taken.items() if candidate.file_id == file_id]

    def _take(self, candidate: Candidate, room: int, *, whole: bool = False) -> None:
        """Take a candidate if there is room for it; unless it must stay whole, cut it down to the room."""
        if candidate in self._taken or len(self._taken) == self._most:
            return
        room = min(room, self._left)
        span, tokens = candidate.span, candidate.tokens
        if tokens > room:
            if whole or room < _SHORTEST_TOKENS:
                return
            span, tokens = _shortened(candidate, room), room
        self._taken[candidate] = span
        self._used[candidate.file_id] = self._used.get(candidate.file_id, 0) + tokens
        self._left -= tokens


def _shortened(candidate: Candidate, tokens: int) -> Span:
    """Keep the beginning of a passage, in proportion to the tokens it may take."""
    span = candidate.span
    return replace(span, end=span.start + (span.end - span.start) * tokens // candidate.tokens)
