"""Stores a run's pages while it goes on: the first at once, a later one after a moment in which others join it."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from services.extraction.lease import KeptAlive
from services.extraction.progress import Progress
from services.extraction.result import Gathering
from services.extraction.store import ExtractionStore

_log = logging.getLogger(__name__)


class PageWriter:
    """``async with``: writes what ``gathering`` holds; when the block ends in order, all of it is written.

    Writing goes on beside reading. What it failed with (the database's outages, ``LeaseLost``) is raised by the next
    ``added``, or at the end of the block; when the block fails itself, it is logged.
    """

    def __init__(
        self, store: ExtractionStore, lease: KeptAlive, gathering: Gathering, progress: Progress, *, period: float
    ) -> None:
        """``period``: seconds between two writes, unless a batch is full before."""
        self._store = store
        self._lease = lease
        self._gathering = gathering
        self._progress = progress
        self._period = period
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    async def added(self) -> None:
        """Look at what is new in ``gathering``; waits while more is on its way than should be in memory."""
        self._raise_failure()
        if self._gathering.batch_full:
            await self._write()
        elif self._gathering.batch_begun:
            self._news.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="page writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self._write()
        finally:
            failure = await self._stop()
        if failure is None or failure is error:
            return
        if kind is None:
            raise failure
        _log.warning("pages were not written either", exc_info=failure)

    async def _stop(self) -> BaseException | None:
        """End the writing beside the block; give what it failed with."""
        self._task.cancel()
        await asyncio.wait({self._task})
        return None if self._task.cancelled() else self._task.exception()

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._write()
            await asyncio.sleep(self._period)

    async def _write(self) -> None:
        """Write one batch after the other: when this returns, all pages taken in before are stored."""
        async with self._writing:
            self._lease.check()
            batch = self._gathering.take_batch()
            pages_done = self._gathering.pages_done
            await self._store.save_pages(batch)
        self._progress.tell(pages_done, self._gathering.page_count)

    def _raise_failure(self) -> None:
        if self._task.done() and not self._task.cancelled():
            self._task.result()
