"""Lets queues take turns: one that begins to wait goes to the end of the line, and so does one that was served."""

import asyncio
from collections import Counter, deque

_Waiters = deque[asyncio.Future[None]]


class Turns:
    """``slots`` turns at a time, ``per_queue`` of them at most in one queue.

    Within a queue turns are taken in the order they were asked for.
    """

    def __init__(self, slots: int, *, per_queue: int) -> None:
        self._free = slots
        self._per_queue = per_queue
        self._taken: Counter[str] = Counter()
        # In the order in which the queues began to wait; one that gets a turn goes to the end.
        self._waiting: dict[str, _Waiters] = {}

    async def take(self, queue: str, *, until: asyncio.Future[None] | None = None) -> None:
        """Wait for a turn, to be given back with ``give``; once ``until`` is done, the wait ends as in ``dismiss``."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(queue, deque()).append(turn)
        self._grant()
        try:
            await _unless(until, turn)
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(queue, turn)
            else:  # it was ours already when the cancellation came
                self.give(queue)
            raise

    def give(self, queue: str) -> None:
        """Give a turn back."""
        self._free += 1
        self._taken[queue] -= 1
        self._grant()

    def dismiss(self) -> None:
        """End the wait of everybody who waits now, with ``CancelledError``."""
        for waiters in self._waiting.values():
            for turn in waiters:
                turn.cancel()

    def _grant(self) -> None:
        while self._free and (queue := self._next()) is not None:
            waiters = self._waiting.pop(queue)
            turn = waiters.popleft()
            if waiters:
                self._waiting[queue] = waiters
            if not turn.done():
                self._free -= 1
                self._taken[queue] += 1
                turn.set_result(None)

    def _next(self) -> str | None:
        return next((queue for queue in self._waiting if self._taken[queue] < self._per_queue), None)

    def _forget(self, queue: str, turn: asyncio.Future[None]) -> None:
        waiters = self._waiting.get(queue)
        if waiters and turn in waiters:
            waiters.remove(turn)
            if not waiters:
                del self._waiting[queue]


async def _unless(until: asyncio.Future[None] | None, turn: asyncio.Future[None]) -> None:
    """Wait for ``turn``, which is cancelled once ``until`` is done."""

    def leave(_: asyncio.Future[None]) -> None:
        turn.cancel()

    if until is None:
        await turn
        return
    until.add_done_callback(leave)
    try:
        await turn
    finally:
        until.remove_done_callback(leave)
