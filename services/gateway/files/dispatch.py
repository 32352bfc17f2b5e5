"""Hand extraction jobs to the broker. Its outage fails nothing: the outbox entry stays for storage's reconciler."""

import logging

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.records import FileRecord
from libs.errors import DependencyUnavailable
from libs.mongo.database import OUTAGES as DATABASE_OUTAGES
from services.gateway.files.store import FileStore

_log = logging.getLogger(__name__)

_OUTAGES: tuple[type[Exception], ...] = (DependencyUnavailable, *DATABASE_OUTAGES)


class Dispatcher:
    """Publishes the job of a file whose outbox entry is already written."""

    def __init__(self, files: FileStore, publisher: Publisher) -> None:
        self._files = files
        self._publisher = publisher

    async def dispatch(self, file: FileRecord, *, request_id: str) -> None:
        """Publish and clear the outbox; on any outage leave it, because the promise to extract is already stored.

        A job published whose outbox entry could not be cleared is published twice; extraction does not mind.
        """
        if file.extract_requested_at is None:
            return
        try:
            await self._publisher.publish(extraction_job(file), correlation_id=request_id)
            await self._files.mark_dispatched(file.id, file.extract_requested_at, now())
        except _OUTAGES as error:
            _log.warning("job left in the outbox", extra={"file_id": str(file.id), "cause": repr(error)})
