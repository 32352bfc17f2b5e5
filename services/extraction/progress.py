"""Tells whoever listens how far a document is, at most once per period."""

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
    """``async with``: publishes what ``done`` last said when it changed. An event that is lost is lost: it is news."""

    def __init__(self, publisher: Publisher, file: FileRecord, *, correlation_id: str, period: float) -> None:
        self._publisher = publisher
        self._file = file
        self._correlation_id = correlation_id
        self._period = period
        self.pages_done = 0
        self.page_count: int | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="progress")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        published = 0
        while True:
            await asyncio.sleep(self._period)
            if self.pages_done == published:
                continue
            published = self.pages_done
            event = FileProgress(
                file_id=self._file.id,
                app_id=self._file.app_id,
                owner=self._file.owner,
                conversation_id=self._file.conversation_id,
                pages_done=published,
                page_count=self.page_count,
            )
            try:
                await self._publisher.publish(event, correlation_id=self._correlation_id)
            except DependencyUnavailable:
                _log.debug("progress not published")
