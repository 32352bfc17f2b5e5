"""Hostile documents, one by one and in a crowd: each ends in its code, and short documents beside them hardly wait.

``CORPUS`` names a folder; every file in its folder ``hostile`` is read as the service reads it, with its default
limits: a heavy document anew with more time, in the slots for those.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from services.extraction.sandbox import DEFAULT_NICENESS, Sandbox
from services.extraction.settings import SandboxSettings
from tests.support.documents import report_docx
from tests.support.samples import pdf
from tests.support.sandboxed import Outcome, read_in_sandbox

SECONDS, HEAVY_SECONDS = 30.0, 300.0
HEAVY_NICENESS = DEFAULT_NICENESS + 5
CORES = len(os.sched_getaffinity(0))
SHORT_SLOTS, HEAVY_SLOTS = CORES + 1, max(2, CORES // 2 + 1)
CROWD = 10
SMALL_READINGS = 120
TARGET_SLOWDOWN = 2.0
SMALL = ((pdf("first words", "second words"), ".pdf"), (report_docx(), ".docx"), (b"a,b\n1,2\n", ".csv"))


async def main() -> int:
    """Print both tables; fail when a document was left alive or the small ones waited too long."""
    files = hostile_files()
    sandbox = Sandbox(SandboxSettings(), slots=SHORT_SLOTS + HEAVY_SLOTS)
    await sandbox.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            left = await one_by_one(sandbox, base, files)
            slowdown = await in_a_crowd(sandbox, base, files)
    finally:
        await sandbox.aclose()
    return 1 if left or slowdown > TARGET_SLOWDOWN else 0


def hostile_files() -> list[Path]:
    """List the documents."""
    return sorted(Path(os.environ["CORPUS"], "hostile").iterdir())


async def one_by_one(sandbox: Sandbox, base: Path, files: Sequence[Path]) -> int:
    """Read each file alone; return how many processes were left alive."""
    print("| file | bytes | code | reason | warnings | pages | s | peak MB |\n|---|---|---|---|---|---|---|---|")
    left = 0
    for file in files:
        outcome = await read(sandbox, base, file)
        left += len(outcome.left_alive)
        cells = (
            *(file.name, file.stat().st_size, outcome.code or "none", outcome.reason or ""),
            *(", ".join(sorted(outcome.warnings)), len(outcome.texts)),
            *(f"{outcome.seconds:.1f}", outcome.peak_bytes // 1_000_000),
        )
        print(f"| {' | '.join(map(str, cells))} |")
    return left


async def in_a_crowd(sandbox: Sandbox, base: Path, files: Sequence[Path]) -> float:
    """Read small files while ``CROWD`` hostile ones keep all slots but one busy; return how much slower p95 is.

    What they take alone is the mean of before and after, because the machine may be busy with other work as well.
    """
    before = await p95_of_small(sandbox, base)
    short, heavy = asyncio.Semaphore(SHORT_SLOTS - 1), asyncio.Semaphore(HEAVY_SLOTS)
    slowest = sorted(files, key=lambda file: file.suffix == ".pdf", reverse=True)[:CROWD]
    crowd = [asyncio.create_task(read(sandbox, base, file, short, heavy)) for file in slowest]
    await asyncio.sleep(1)
    beside = await p95_of_small(sandbox, base)
    still_busy = sum(not task.done() for task in crowd)
    await asyncio.gather(*crowd)
    alone = statistics.mean([before, await p95_of_small(sandbox, base)])
    print(f"\np95 of small files alone {alone * 1000:.0f} ms, beside {CROWD} hostile ones {beside * 1000:.0f} ms:")
    print(f"{beside / alone:.1f} times; {still_busy} of the crowd were still being read at the end")
    return beside / alone


async def p95_of_small(sandbox: Sandbox, base: Path) -> float:
    """Read small files one after the other; give the 95th percentile in seconds."""
    times = []
    for number in range(SMALL_READINGS):
        content, suffix = SMALL[number % len(SMALL)]
        began = time.monotonic()
        outcome = await read_in_sandbox(sandbox, base, content, suffix)
        times.append(time.monotonic() - began)
        assert outcome.code is None, outcome
    return statistics.quantiles(times, n=20)[-1]


async def read(
    sandbox: Sandbox,
    base: Path,
    file: Path,
    short: asyncio.Semaphore | None = None,
    heavy: asyncio.Semaphore | None = None,
) -> Outcome:
    """Read a file as a short document, and as a heavy one where it says that it is one."""
    content = await asyncio.to_thread(file.read_bytes)
    async with short or asyncio.Semaphore():
        outcome = await read_in_sandbox(sandbox, base, content, file.suffix, seconds=SECONDS)
    if not outcome.heavy:
        return outcome
    async with heavy or asyncio.Semaphore():
        return await read_in_sandbox(
            sandbox, base, content, file.suffix, seconds=HEAVY_SECONDS, niceness=HEAVY_NICENESS
        )
