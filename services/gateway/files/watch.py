"""Wait, in bounded time, until files are no longer being processed."""

import asyncio
import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from libs.mongo.database import OUTAGES
from services.gateway.events.waiters import Waiters
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.status import ProcessingStatus, processing_status
from services.gateway.files.store import FileStore

_log = logging.getLogger(__name__)

_POLL = timedelta(seconds=1)


class ProcessingWatch:
    """Listens for events and, because an event can be lost, asks the database every second."""

    def __init__(self, files: FileStore, extractions: ExtractionReader, waiters: Waiters) -> None:
        self._files = files
        self._extractions = extractions
        self._waiters = waiters

    async def wait_ended(self, file_ids: Collection[UUID], timeout: timedelta) -> None:  # noqa: ASYNC109 - running out of time is no error here
        """Return when none of these files is being processed any more (or is gone), or after ``timeout``.

        An outage of the database ends the wait as well: an upload is complete by now, whatever can be said of it.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout.total_seconds()
        pending = list(file_ids)
        while True:
            # Expecting begins before looking, so an event between the two is not missed.
            with self._waiters.expect(*pending) as expectation:
                try:
                    pending = await self._processing(pending)
                except OUTAGES as error:
                    _log.warning("gave up waiting", extra={"cause": repr(error)})
                    return
                left = deadline - loop.time()
                if not pending or left <= 0:
                    return
                await expectation.wait(min(_POLL, timedelta(seconds=left)))

    async def _processing(self, file_ids: list[UUID]) -> list[UUID]:
        files = await self._files.find_by_ids(file_ids)
        extractions = await self._extractions.find_many([file.id for file in files])
        statuses = {file.id: processing_status(file, extractions.get(file.id)) for file in files}
        return [file_id for file_id, status in statuses.items() if status is ProcessingStatus.PROCESSING]
