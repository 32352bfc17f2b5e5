"""The supervisor, with parts that are a few lines of shell."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.part import Check, Part, stop_order
from deploy.local.process import log_end
from deploy.local.supervisor import (
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    STEADY_SECONDS,
    Backoff,
    PartFailed,
    State,
    Supervisor,
)

Event = tuple[str, State, str]


def exists(path: Path) -> Check:
    return lambda: asyncio.to_thread(path.stat)


def shell(folder: Path, name: str, script: str, **fields: object) -> Part:
    """Make a part that is ready once its script has touched the file named like it."""
    command = ("sh", "-c", script.replace("READY", str(folder / name)))
    return Part(name, command, exists(folder / name), **fields)  # type: ignore[arg-type]  # fields as Part has them


class Watch:
    """Collects what a supervisor reports and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def __call__(self, part: Part, state: State, detail: str) -> None:
        """Take a report."""
        self.events.append((part.name, state, detail))
        self._news.set()

    def states(self, name: str) -> list[State]:
        """Give what one part went through."""
        return [state for part, state, _ in self.events if part == name]

    async def until(self, happened: Callable[[list[Event]], bool]) -> None:
        """Wait for what must have been reported."""
        async with asyncio.timeout(20):
            while not happened(self.events):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def supervised(folder: Path, watch: Watch, *parts: Part) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(parts, folder / "log", watch)
    try:
        yield supervisor
    finally:
        await supervisor.stop()


def alive(pid: int) -> bool:
    """Say whether a process runs; one that ended but is not collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while alive(pid):  # noqa: ASYNC110 - the kernel sets no asyncio event for somebody else's child
            await asyncio.sleep(0.02)


async def test_a_part_starts_only_when_what_it_needs_is_ready(tmp_path: Path) -> None:
    watch = Watch()
    server = shell(tmp_path, "server", "sleep 0.3; touch READY; exec sleep 60")
    client = shell(tmp_path, "client", "touch READY; exec sleep 60", needs=frozenset({"server"}))
    async with supervised(tmp_path, watch, client, server) as supervisor:
        await supervisor.start()
    steps = [(name, state) for name, state, _ in watch.events]
    assert steps.index(("server", State.READY)) < steps.index(("client", State.STARTING))
    assert steps.index(("client", State.STOPPED)) < steps.index(("server", State.STOPPED))


async def test_a_part_that_dies_is_reported_with_its_last_words_and_started_again(tmp_path: Path) -> None:
    watch = Watch()
    async with supervised(
        tmp_path, watch, shell(tmp_path, "part", "touch READY; echo last words; exec sleep 60")
    ) as it:
        await it.start()
        process = it.process("part")
        assert process
        os.kill(process.pid, signal.SIGKILL)
        await watch.until(lambda events: [state for _, state, _ in events].count(State.READY) == 2)
    (death,) = [detail for _, state, detail in watch.events if state is State.DIED]
    assert "was ended by signal 9" in death
    assert "last words" in death


async def test_a_start_that_keeps_failing_ends_with_the_parts_own_words(tmp_path: Path) -> None:
    watch = Watch()
    async with supervised(tmp_path, watch, shell(tmp_path, "part", "echo no such disk; exit 3")) as supervisor:
        with pytest.raises(PartFailed, match=r"part ended with exit status 3\n +no such disk"):
            await supervisor.start()
    assert watch.states("part").count(State.STARTING) == 3


async def test_a_part_that_never_answers_is_given_up(tmp_path: Path) -> None:
    part = shell(tmp_path, "part", "exec sleep 60", patience=timedelta(seconds=0.2))
    async with supervised(tmp_path, Watch(), part) as supervisor:
        with pytest.raises(PartFailed, match=r"was not ready within 0\.2 s"):
            await supervisor.start()


async def test_stopping_insists_after_the_grace_and_takes_the_children_too(tmp_path: Path) -> None:
    script = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/child; touch READY; while :; do sleep 0.1; done"
    part = shell(tmp_path, "part", script, grace=timedelta(seconds=0.2))
    async with supervised(tmp_path, Watch(), part) as supervisor:
        await supervisor.start()
        process = supervisor.process("part")
        assert process
    await gone(process.pid)
    await gone(int((tmp_path / "child").read_text()))


async def test_a_part_that_was_killed_on_purpose_stays_dead_until_resumed(tmp_path: Path) -> None:
    watch = Watch()
    async with supervised(tmp_path, watch, shell(tmp_path, "part", "touch READY; exec sleep 60")) as supervisor:
        await supervisor.start()
        before = supervisor.process("part")
        await supervisor.halt("part", gently=False)
        assert supervisor.process("part") is None
        await supervisor.resume("part")
        after = supervisor.process("part")
        assert before
        assert after
        assert alive(after.pid)
        assert not alive(before.pid)


async def test_parts_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from deploy.local.part import Part
from deploy.local.supervisor import Supervisor

ready = Path({str(tmp_path)!r}) / "ready"

async def check():
    ready.stat()

async def main():
    part = Part("part", ("sh", "-c", f"touch {{ready}}; exec sleep 60"), check)
    supervisor = Supervisor((part,), ready.parent, lambda *_: None)
    await supervisor.start()
    print(supervisor.process("part").pid, flush=True)
    await supervisor.run()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert alive(child)
    parent.kill()
    await parent.wait()
    await gone(child)


def test_the_pause_doubles_up_to_a_limit_and_is_short_again_after_a_steady_run() -> None:
    backoff = Backoff()
    pauses = [backoff.pause(lived=0) for _ in range(10)]
    assert pauses[:3] == [SHORTEST_PAUSE, 2 * SHORTEST_PAUSE, 4 * SHORTEST_PAUSE]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE
    assert backoff.pause(lived=STEADY_SECONDS) == SHORTEST_PAUSE


async def nothing() -> None:
    """Stand in for a check that is never made."""


def test_the_order_of_stopping_refuses_a_circle_and_a_stranger() -> None:
    one = Part("one", ("true",), nothing, needs=frozenset({"two"}))
    two = Part("two", ("true",), nothing, uses=frozenset({"one"}))
    with pytest.raises(ValueError, match="stand on each other: one, two"):
        stop_order((one, two))
    with pytest.raises(ValueError, match="no such part: two"):
        stop_order((one,))


def test_the_end_of_a_log_leaves_out_earlier_runs(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    assert log_end(log) == ""
    log.write_text("old\n")
    start = log.stat().st_size
    with log.open("a") as more:
        more.writelines(f"line {number}\n" for number in range(100))
    assert log_end(log, since=start, lines=2) == "line 98\nline 99"
    assert "old" not in log_end(log, since=start, lines=1000)
