"""Watch how long the event loop keeps everybody waiting: one blocking call stalls every request of the process.

A tick is due every few milliseconds; how late it comes is how long something else held the loop. Time during which the
machine had no processor for us is not the loop's fault and is taken off where the kernel tells it (``schedstat``).
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import Gauge, Histogram

_log = logging.getLogger(__name__)

_PERIOD_SECONDS = 0.02
"""Pause between ticks; a stall is seen at most this much shorter than it was."""

_WORTH_LOGGING_SECONDS = 0.1
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STALLS = Histogram("satchel_event_loop_stall_seconds", "Lateness of the event loop's ticks", buckets=_BUCKETS)
_LONGEST = Gauge("satchel_event_loop_max_stall_seconds", "Latest tick of the event loop since the process started")
_SCHEDSTAT = Path("/proc/thread-self/schedstat")
_NANOSECONDS = 1e9


@asynccontextmanager
async def watched_loop() -> AsyncIterator[None]:
    """Measure the running loop inside the block, into ``/metrics``; stalls above 100 ms are logged."""
    ticking = asyncio.create_task(_tick_for_ever(), name="loop watch")
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait({ticking})


async def _tick_for_ever() -> None:
    loop = asyncio.get_running_loop()
    longest = 0.0
    while True:
        began, queued = loop.time(), _queued_seconds()
        await asyncio.sleep(_PERIOD_SECONDS)
        late = loop.time() - began - _PERIOD_SECONDS
        stall = max(0.0, late - (_queued_seconds() - queued))
        longest = max(longest, stall)
        _STALLS.observe(stall)
        _LONGEST.set(longest)
        if stall > _WORTH_LOGGING_SECONDS:
            _log.warning("event loop stalled", extra={"ms": round(stall * 1000), "late_ms": round(late * 1000)})


def _queued_seconds() -> float:
    """How long this thread, ready to run, has waited for a processor since it began (proc(5)); 0 where not told."""
    try:
        return int(_SCHEDSTAT.read_bytes().split()[1]) / _NANOSECONDS
    except (OSError, IndexError):
        return 0.0
