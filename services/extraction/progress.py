"""Tells whoever listens how far a document is: after its first page at once, then now and then, and in the end."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from libs.amqp.publisher import Publisher
from libs.contracts.messages import FileProgress
from libs.contracts.records import FileRecord
from libs.errors import DependencyUnavailable

_log = logging.getLogger(__name__)


class Progress:
    """``async with``: publishes what it was told last, at most once per period. A lost event is lost: it is news."""

    def __init__(self, publisher: Publisher, file: FileRecord, *, correlation_id: str, period: float) -> None:
        self._publisher = publisher
        self._file = file
        self._correlation_id = correlation_id
        self._period = period
        self._news = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._pages_done = self._published = 0
        self._page_count: int | None = None

    def tell(self, pages_done: int, page_count: int | None) -> None:
        """Take note of pages that are stored now; ``page_count`` is how many the document says it has."""
        self._pages_done, self._page_count = pages_done, page_count
        self._news.set()

    async def tell_last(self) -> None:
        """Publish what was told last, unless that is out already."""
        async with self._publishing:
            if self._pages_done == self._published:
                return
            self._published = self._pages_done
            event = FileProgress(
                file_id=self._file.id,
                app_id=self._file.app_id,
                owner=self._file.owner,
                conversation_id=self._file.conversation_id,
                pages_done=self._pages_done,
                page_count=self._page_count,
            )
            try:
                await self._publisher.publish(event, correlation_id=self._correlation_id)
            except DependencyUnavailable:
                _log.debug("progress not published")

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="progress")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled() and (failure := self._task.exception()):
            _log.error("progress was not told to the end", exc_info=failure)

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self.tell_last()
            await asyncio.sleep(self._period)
