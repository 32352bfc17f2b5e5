"""Condemn what failed uploads left, for as long as it takes; the request that failed waits only a moment for it.

While the database is away, a completed upload may or may not have been written. Its client was told 503 and will
repeat it, so the file must not appear once the database is back. This process remembers; should it die as well, what
was still ``receiving`` passes its deadline, and storage removes it then.
"""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

from libs.contracts.records import FileRecord
from libs.mongo.database import OUTAGES
from services.gateway.deletions.service import DeletionService

_log = logging.getLogger(__name__)

_REQUEST_WAITS = timedelta(seconds=1.5)
_PAUSES_SECONDS = (1, 1, 2, 4, 8, *[15] * 40)
"""Between attempts: ten minutes in all. There are never more at work than uploads were open when the outage began."""


class Discarder:
    """Owns the work of discarding, request by request."""

    def __init__(self, deletions: DeletionService) -> None:
        self._deletions = deletions
        self._at_work: dict[UUID, asyncio.Task[None]] = {}

    async def discard(self, record: FileRecord, *, even_if_stored: bool = False) -> None:
        """Condemn the upload, returning when done or after a moment; the rest happens behind the request's back.

        ``even_if_stored``: its completion was in doubt; else a completed upload is left alone.
        """
        if record.id in self._at_work:
            return
        task = asyncio.create_task(self._persist(record, even_if_stored=even_if_stored), name="discard")
        self._at_work[record.id] = task
        task.add_done_callback(lambda _: self._at_work.pop(record.id))
        await asyncio.wait({task}, timeout=_REQUEST_WAITS.total_seconds())

    async def stop(self) -> None:
        """Give up what is still at work."""
        tasks = list(self._at_work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _persist(self, record: FileRecord, *, even_if_stored: bool) -> None:
        for pause in _PAUSES_SECONDS:
            try:
                await self._deletions.discard_upload(record, even_if_stored=even_if_stored)
            except OUTAGES as error:
                _log.warning("failed upload not discarded yet", extra={"file_id": str(record.id), "cause": repr(error)})
                await asyncio.sleep(pause)
            else:
                return
        _log.error("failed upload left to its deadline", extra={"file_id": str(record.id)})
