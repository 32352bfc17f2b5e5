"""Start parts in the order of their needs, keep them running, stop them in the reverse order.

Own code rather than circus or honcho: neither waits for a server to answer its protocol before starting what needs it,
neither stops in order, and circus brings ZeroMQ and a control port; this is the two hundred lines that do.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path

from deploy.local.checks import NOT_YET
from deploy.local.part import Part, stop_order
from deploy.local.process import PartProcess

FIRST_STARTS = 3
"""How often a part may die before it was ever ready; after that the whole start has failed."""
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
"""A part that lived this long starts the next series of pauses from the shortest one."""
CHECK_PERIOD = 0.1


class State(StrEnum):
    """What a part is doing."""

    WAITING = auto()
    STARTING = auto()
    READY = auto()
    DIED = auto()
    STOPPED = auto()


Report = Callable[[Part, State, str], None]
"""Told of every change; the text is the reason and, for a death, the end of the log."""


class PartFailed(Exception):
    """A part could not be brought up; the text ends with the end of its log."""


class Backoff:
    """Seconds to pause before the next start: doubling from the shortest to the longest, afresh after a steady run."""

    def __init__(self) -> None:
        self._next = SHORTEST_PAUSE

    def pause(self, *, lived: float) -> float:
        """Give the pause after a run of ``lived`` seconds."""
        if lived >= STEADY_SECONDS:
            self._next = SHORTEST_PAUSE
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE)
        return pause


@dataclass
class _Keeper:
    """What is known of one part: whether it has been ready, its process while there is one, its task."""

    part: Part
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: PartProcess | None = None
    task: asyncio.Task[None] | None = None


async def _ready(keepers: Collection[_Keeper]) -> None:
    for keeper in keepers:
        await keeper.ready.wait()


class Supervisor:
    """Keeps a set of parts running. ``start`` once, ``stop`` always."""

    def __init__(self, parts: tuple[Part, ...], logs: Path, report: Report) -> None:
        self._groups = stop_order(parts)
        self._keepers = {part.name: _Keeper(part) for part in parts}
        self._logs = logs
        self._report = report

    async def start(self) -> None:
        """Return when every part is ready; raises ``PartFailed`` for the first that cannot be."""
        for keeper in self._keepers.values():
            keeper.task = asyncio.create_task(self._keep(keeper), name=keeper.part.name)
        await self._all_ready(self._keepers.values())

    async def run(self) -> None:
        """Keep everything running until cancelled; raises what ended a keeper, which is a fault of ours."""
        await asyncio.gather(*(keeper.task for keeper in self._keepers.values() if keeper.task))

    async def stop(self, *, gently: bool = True) -> None:
        """Stop those whom nobody needs, then those they needed, down to the servers; not gently is SIGKILL at once."""
        for group in self._groups:
            await asyncio.gather(*(self.halt(part.name, gently=gently) for part in group))

    def kill(self) -> None:
        """End every process at once; ``stop`` still has to be awaited."""
        for keeper in self._keepers.values():
            if keeper.process:
                keeper.process.kill()

    def process(self, name: str) -> PartProcess | None:
        """Give a part's process, for tests that kill it; ``None`` between two starts."""
        return self._keepers[name].process

    async def halt(self, name: str, *, gently: bool = True) -> None:
        """Stop one part and leave it stopped until ``resume``; not gently is SIGKILL, as a crash would be."""
        keeper = self._keepers[name]
        if keeper.process and not gently:
            keeper.process.kill()
        await self._end(keeper)

    async def resume(self, name: str) -> None:
        """Start a part that was halted and wait until it is ready."""
        keeper = self._keepers[name]
        keeper.ready.clear()
        keeper.task = asyncio.create_task(self._keep(keeper), name=name)
        await self._all_ready([keeper])

    async def _all_ready(self, keepers: Collection[_Keeper]) -> None:
        """Wait for all of these; raises what ended one's task instead."""
        ready = asyncio.create_task(_ready(keepers))
        keeping = [keeper.task for keeper in keepers if keeper.task]
        await asyncio.wait([ready, *keeping], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        for task in keeping:
            if task.done():
                task.result()

    async def _end(self, keeper: _Keeper) -> None:
        if keeper.task:
            keeper.task.cancel()
            await asyncio.gather(keeper.task, return_exceptions=True)
        if keeper.process:
            await keeper.process.stop()
            keeper.process = None
            self._report(keeper.part, State.STOPPED, "")

    async def _keep(self, keeper: _Keeper) -> None:
        """Start the part again and again, whenever it ends."""
        loop, backoff, starts = asyncio.get_running_loop(), Backoff(), 0
        self._report(keeper.part, State.WAITING, ", ".join(sorted(keeper.part.needs)))
        await asyncio.gather(*(self._keepers[need].ready.wait() for need in keeper.part.needs))
        while True:
            begun, starts = loop.time(), starts + 1
            reason, log_end = await self._live(keeper)
            if not keeper.ready.is_set() and starts >= FIRST_STARTS:
                raise PartFailed(f"{keeper.part.name} {reason}\n{log_end}")
            pause = backoff.pause(lived=loop.time() - begun)
            self._report(keeper.part, State.DIED, f"{reason}; starting it again in {pause:g} s\n{log_end}")
            await asyncio.sleep(pause)

    async def _live(self, keeper: _Keeper) -> tuple[str, str]:
        """Run the part once, from start to end; returns why it ended and the end of its log."""
        part = keeper.part
        self._report(part, State.STARTING, "")
        process = keeper.process = await PartProcess.start(part, self._logs / f"{part.name}.log")
        ended = asyncio.create_task(process.wait())
        if await self._becomes_ready(part, ended):
            self._report(part, State.READY, "")
            keeper.ready.set()
            await asyncio.wait([ended])
        code = ended.result() if ended.done() else None
        await process.stop()  # what it started itself may have outlived it
        keeper.process = None
        return _why(part, code), process.log_end()

    async def _becomes_ready(self, part: Part, ended: asyncio.Task[int]) -> bool:
        """Ask until the part answers; false when it ended or its patience is over."""
        deadline = asyncio.get_running_loop().time() + part.patience.total_seconds()
        while not ended.done() and asyncio.get_running_loop().time() < deadline:
            try:
                await part.ready()
            except NOT_YET:
                await asyncio.wait([ended], timeout=CHECK_PERIOD)
            else:
                return not ended.done()
        return False


def _why(part: Part, code: int | None) -> str:
    """Say why a process ended; without a code it was us, who lost patience."""
    if code is None:
        return f"was not ready within {part.patience.total_seconds():g} s"
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit status {code}"
