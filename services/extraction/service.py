"""Decides what a job means: whether there is anything to do, who does it, and what is told to the others.

A job is idempotent by file id, sha256 and the time of the request. A finished run that is at least as new as the
request makes it a duplicate, which changes nothing. A run in progress belongs to whoever holds its lease. Whatever
ends a run early (an outage, shutdown) gives the lease back, so that the next delivery need not wait for it.
"""

import asyncio
import logging
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
from services.extraction.store import Claim, ExtractionStore, failed

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

    async def extract(self, job: ExtractFile, *, correlation_id: str, again: bool = False) -> None:
        """Do what the job asks for; returning means that nothing is left to do for it.

        ``again``: it was delivered before, so the event of its end may have been lost and is published once more.
        Raises ``DependencyUnavailable`` or the database's outages, after which the job should be delivered again.
        """
        file = await self._store.find_file(job.file_id)
        if file is None or file.state is not FileState.STORED or file.sha256 != job.sha256:
            _count("gone")
            return
        requested_at = max(filter(None, (job.requested_at, file.extract_requested_at)))
        if not job.heavy and file.size_bytes > self._settings.heavy_size_bytes:
            await self._move(job, correlation_id)
            return
        claim = await self._store.claim(file, requested_at, lease=self._settings.lease)
        if claim is None:
            _count("duplicate")
            if again:
                await self._repeat_event(file, correlation_id)
            return
        await self._carry_out(job, file, claim, correlation_id)

    async def _carry_out(self, job: ExtractFile, file: FileRecord, claim: Claim, correlation_id: str) -> None:
        lease = KeptAlive(self._store, claim.record, self._settings)
        try:
            with metrics.RUNNING.labels(_queue(job)).track_inprogress():
                async with self._released_on_failure(lease, claim.record), lease:
                    await self._run(job, file, claim, lease, correlation_id)
        except TooHeavy:
            await self._move(job, correlation_id)
        except LeaseLost:
            await self._abandon(file)

    async def _run(
        self, job: ExtractFile, file: FileRecord, claim: Claim, lease: KeptAlive, correlation_id: str
    ) -> None:
        """Read, write the result and tell it; what the child left is cleared away after that."""
        period = self._settings.progress_period.total_seconds()
        async with (
            Progress(self._publisher, file, correlation_id=correlation_id, period=period) as progress,
            self._result(job, file, claim, lease, progress) as result,
        ):
            lease.check()
            lease.stop()  # a finished run has no lease: the next sign of life would take that for a loss
            finished, condemned = await self._finish(file, result, lease, progress)
            if not finished:
                raise LeaseLost
            if condemned:
                await self._remove(file)
                return
            _count_end(job, file, result)
            await self._publish_end(file, result, correlation_id)

    async def _finish(
        self, file: FileRecord, result: ExtractionRecord, lease: KeptAlive, progress: Progress
    ) -> tuple[bool, bool]:
        """Write the result; give whether it was still ours to write, and whether the file was condemned meanwhile.

        All pages are written by now, so one look at the file tells whether it was condemned before that. If it is
        after that, storage finds them; and a result never brings a removed record back. Whatever fails is raised when
        all has ended: a run that is given back must not be written to any more.
        """
        outcomes = await asyncio.gather(
            self._store.finish(result, lease.token),
            self._is_condemned(file),
            progress.tell_last(),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        finished, condemned, _ = outcomes
        return finished is True, condemned is True

    @asynccontextmanager
    async def _result(
        self, job: ExtractFile, file: FileRecord, claim: Claim, lease: KeptAlive, progress: Progress
    ) -> AsyncIterator[ExtractionRecord]:
        record = claim.record
        if record.attempt > self._settings.max_attempts:
            message = errors.GAVE_UP.format(attempts=self._settings.max_attempts)
            yield failed(record, ExtractionFailure(code=ErrorCode.CRASHED.value, message=message))
            return
        if claim.repeated:
            await self._store.clear_pages(file.id)
        async with self._runner.run(file, record, lease, progress, heavy=job.heavy) as result:
            yield result

    @asynccontextmanager
    async def _released_on_failure(self, lease: KeptAlive, record: ExtractionRecord) -> AsyncIterator[None]:
        """Give the run back when it does not come to its end; only what may be its own fault counts as an attempt."""
        try:
            yield
        except LeaseLost:
            raise
        except BaseException as error:
            counts = not isinstance(error, _BLAMELESS) or isinstance(error, ChecksumMismatch)
            if not isinstance(error, TooHeavy):
                _count("handed_back")
            await self._release(record, lease, counts=counts)
            raise

    async def _release(self, record: ExtractionRecord, lease: KeptAlive, *, counts: bool) -> None:
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._store.release(record.id, lease.token, counts=counts)
        except _OUT_OF_REACH:
            _log.warning("lease not given back, it will run out", extra={"file_id": str(record.id)})

    async def _move(self, job: ExtractFile, correlation_id: str) -> None:
        await self._publisher.publish(job.model_copy(update={"heavy": True}), correlation_id=correlation_id)
        _count("heavy")

    async def _abandon(self, file: FileRecord) -> None:
        _log.warning("the run is somebody else's now", extra={"file_id": str(file.id)})
        _count("lost")
        if await self._is_condemned(file):
            await self._remove(file)

    async def _is_condemned(self, file: FileRecord) -> bool:
        current = await self._store.find_file(file.id)
        return current is None or current.state is not FileState.STORED

    async def _remove(self, file: FileRecord) -> None:
        """Remove what we wrote for a file that was condemned meanwhile: storage may have counted and left already."""
        await self._store.remove(file.id)
        _count("gone")

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


def _queue(job: ExtractFile) -> str:
    return "heavy" if job.heavy else "normal"


def _count(outcome: str) -> None:
    metrics.JOBS.labels(outcome).inc()


def _count_end(job: ExtractFile, file: FileRecord, result: ExtractionRecord) -> None:
    _count(result.error.code if result.error else result.status.value)
    labels = (_queue(job), file.media_type)
    if result.started_at and result.ended_at:
        metrics.SECONDS.labels(*labels).observe((result.ended_at - result.started_at).total_seconds())
    metrics.PAGES.labels(*labels).inc(result.page_count or 0)
    metrics.OCR_PAGES.labels(*labels).inc(len(result.document.ocr_pages))
