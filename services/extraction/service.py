"""Decides what a job means: whether there is anything to do, who does it, and what is told to the others.

A job is idempotent by file id, sha256 and the time of the request. A finished run that is at least as new as the
request makes it a duplicate, which changes nothing. A run in progress belongs to whoever holds its lease. Whatever
ends a run early (an outage, shutdown) gives the lease back, so that the next delivery need not wait for it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.amqp.publisher import Publisher
from libs.contracts.messages import ExtractFile, FileFailed, FileProcessed
from libs.contracts.records import (
    ExtractionFailure,
    ExtractionRecord,
    ExtractionStatus,
    FileRecord,
    FileState,
)
from libs.errors import DependencyUnavailable
from libs.mongo.database import OUTAGES
from services.extraction import errors, metrics
from services.extraction.content import ErrorCode
from services.extraction.errors import LeaseLost, TooHeavy
from services.extraction.lease import KeptAlive
from services.extraction.progress import Progress
from services.extraction.run import ChecksumMismatch, Runner
from services.extraction.settings import RunSettings
from services.extraction.store import ExtractionStore, failed

_log = logging.getLogger(__name__)

_RELEASE_SECONDS = 3.0
_BLAMELESS: tuple[type[BaseException], ...] = (*OUTAGES, DependencyUnavailable, TooHeavy, asyncio.CancelledError)
"""Ends of a run that say nothing about its document."""

_OUT_OF_REACH: tuple[type[Exception], ...] = (*OUTAGES, TimeoutError)


class ExtractionService:
    """Carries jobs to their end."""

    def __init__(self, store: ExtractionStore, runner: Runner, publisher: Publisher, settings: RunSettings) -> None:
        self._store = store
        self._runner = runner
        self._publisher = publisher
        self._settings = settings

    async def extract(self, job: ExtractFile, *, correlation_id: str, heavy: bool = False, again: bool = False) -> None:
        """Do what the job asks for; returning means that nothing is left to do for it.

        ``heavy``: the job came from the queue of long documents. ``again``: it was delivered before, so the event of
        its end may have been lost and is published once more. Raises ``DependencyUnavailable`` or the database's
        outages, after which the job should be delivered again.
        """
        file = await self._store.find_file(job.file_id)
        if file is None or file.state is not FileState.STORED or file.sha256 != job.sha256:
            _count("gone")
            return
        requested_at = max(filter(None, (job.requested_at, file.extract_requested_at)))
        if not heavy and file.size_bytes > self._settings.heavy_size_bytes:
            await self._move(job, correlation_id)
            return
        record = await self._store.claim(file, requested_at, lease=self._settings.lease)
        if record is None:
            _count("duplicate")
            if again:
                await self._repeat_event(file, correlation_id)
            return
        await self._carry_out(job, file, record, correlation_id, heavy=heavy)

    async def _carry_out(
        self, job: ExtractFile, file: FileRecord, record: ExtractionRecord, correlation_id: str, *, heavy: bool
    ) -> None:
        lease = KeptAlive(self._store, record, self._settings)
        queue = "heavy" if heavy else "normal"
        started = time.monotonic()
        try:
            with metrics.RUNNING.labels(queue).track_inprogress():
                async with self._released_on_failure(lease, record), lease:
                    result = await self._result(file, record, lease, correlation_id, heavy=heavy)
                    lease.check()
                    finished = await self._store.finish(result, lease.token)
        except TooHeavy:
            await self._move(job, correlation_id)
            return
        except LeaseLost:
            finished = False
        if not finished:
            _log.warning("the run is somebody else's now", extra={"file_id": str(file.id)})
            _count("lost")
            await self._remove_if_gone(file)
            return
        metrics.SECONDS.labels(queue).observe(time.monotonic() - started)
        if await self._remove_if_gone(file):
            return
        _count(result.error.code if result.error else result.status.value)
        await self._publish_end(file, result, correlation_id)

    async def _result(
        self, file: FileRecord, record: ExtractionRecord, lease: KeptAlive, correlation_id: str, *, heavy: bool
    ) -> ExtractionRecord:
        if record.attempt > self._settings.max_attempts:
            message = errors.GAVE_UP.format(attempts=self._settings.max_attempts)
            return failed(record, ExtractionFailure(code=ErrorCode.CRASHED.value, message=message))
        await self._store.clear_pages(file.id)
        period = self._settings.progress_period.total_seconds()
        async with Progress(self._publisher, file, correlation_id=correlation_id, period=period) as progress:
            return await self._runner.run(file, record, lease, progress, heavy=heavy)

    @asynccontextmanager
    async def _released_on_failure(self, lease: KeptAlive, record: ExtractionRecord) -> AsyncIterator[None]:
        """Give the run back when it does not come to its end; only what may be its own fault counts as an attempt."""
        try:
            yield
        except LeaseLost:
            raise
        except BaseException as error:
            counts = not isinstance(error, _BLAMELESS) or isinstance(error, ChecksumMismatch)
            _count("heavy" if isinstance(error, TooHeavy) else "handed_back")
            await self._release(record, lease, counts=counts)
            raise

    async def _release(self, record: ExtractionRecord, lease: KeptAlive, *, counts: bool) -> None:
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._store.release(record.id, lease.token, counts=counts)
        except _OUT_OF_REACH:
            _log.warning("lease not given back, it will run out", extra={"file_id": str(record.id)})

    async def _move(self, job: ExtractFile, correlation_id: str) -> None:
        await self._publisher.publish(job, correlation_id=correlation_id, heavy=True)

    async def _remove_if_gone(self, file: FileRecord) -> bool:
        """Remove what we wrote when the file was condemned meanwhile: storage may have counted and left already."""
        current = await self._store.find_file(file.id)
        if current is not None and current.state is FileState.STORED:
            return False
        await self._store.remove(file.id)
        _count("gone")
        return True

    async def _repeat_event(self, file: FileRecord, correlation_id: str) -> None:
        record = await self._store.find(file.id)
        if record is not None and record.status.ended:
            await self._publish_end(file, record, correlation_id)

    async def _publish_end(self, file: FileRecord, record: ExtractionRecord, correlation_id: str) -> None:
        about = {
            "file_id": file.id,
            "app_id": file.app_id,
            "owner": file.owner,
            "conversation_id": file.conversation_id,
        }
        if record.status is ExtractionStatus.FAILED and record.error:
            event: FileFailed | FileProcessed = FileFailed(**about, code=record.error.code)
        else:
            event = FileProcessed(**about)
        await self._publisher.publish(event, correlation_id=correlation_id)


def _count(outcome: str) -> None:
    metrics.JOBS.labels(outcome).inc()
