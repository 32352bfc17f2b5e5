"""Do what must be done once at start (indexes, bucket, declarations) without demanding that every server is up yet.

A process that exits because a dependency is still booting only moves the waiting into its supervisor. Here each step is
repeated with back-off until it succeeds; until all have, the service answers "not ready".
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from libs.errors import DependencyUnavailable
from libs.mongo.database import OUTAGES

_log = logging.getLogger(__name__)
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.2, 5.0

_OUTAGES: tuple[type[Exception], ...] = (*OUTAGES, DependencyUnavailable)

Step = Callable[[], Awaitable[None]]


class Startup:
    """Runs named steps in order; ``check`` is a readiness probe that raises until all are done."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._steps = steps
        self._done = False

    async def run(self) -> None:
        """Work through the steps. An outage is waited out; any other error of a step is final and raised."""
        for name, step in self._steps.items():
            await self._persist(name, step)
        self._done = True

    async def check(self) -> None:
        """Raise until every step succeeded."""
        if not self._done:
            raise NotPrepared

    async def _persist(self, name: str, step: Step) -> None:
        delay = _FIRST_DELAY_SECONDS
        while True:
            try:
                await step()
            except _OUTAGES as error:
                _log.warning("start-up step waits", extra={"step": name, "error": type(error).__name__})
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY_SECONDS)
            else:
                return


class NotPrepared(Exception):
    """The service is still preparing itself."""


@asynccontextmanager
async def prepared(steps: Mapping[str, Step]) -> AsyncIterator[Startup]:
    """Run the steps in the background while the service serves.

    A step that fails for another reason than an outage (a wrong credential, an invalid file) ends the process: SIGTERM
    to itself takes the same orderly way out, with the traceback in the log.
    """
    startup = Startup(steps)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("start-up failed", exc_info=error)
            signal.raise_signal(signal.SIGTERM)

    task = asyncio.create_task(startup.run(), name="startup")
    task.add_done_callback(ended)
    try:
        yield startup
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
