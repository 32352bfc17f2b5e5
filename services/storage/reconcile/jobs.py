"""Every acknowledged upload's job reaches the broker, and reaches it again when it was lost there.

``dispatched_at`` means: since then a job for this file is believed to be with the broker or a worker. It is removed
when we see that the extraction ended, so the files with a value are exactly those worth a look.

A job is repeated when a lease ran out, or when nobody has begun it for a while. That while doubles with every
repetition, up to a limit, so that a long queue is not filled with copies of itself; a copy too many does no harm,
because extraction acknowledges a job whose run has ended or is under way.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.records import FileRecord
from libs.errors import DependencyUnavailable
from libs.logs import REQUEST_ID
from services.storage.reconcile.job_store import ExtractionState, JobStore
from services.storage.reconcile.rules import Counts, Outcome, Round
from services.storage.settings import ReconcileSettings

_log = logging.getLogger(__name__)
_BATCH = 200
_PUBLISH_AT_ONCE = 16
_FIRST_PAUSE = timedelta(seconds=1)
_MOST_DOUBLINGS = 16


class Outboxes:
    """Publishes jobs whose first publication failed or was never confirmed."""

    name: ClassVar[str] = "outboxes"

    def __init__(self, store: JobStore, publisher: Publisher, settings: ReconcileSettings) -> None:
        self._store = store
        self._publisher = publisher
        self._longest_pause = settings.reconcile_period

    async def run(self, current: Round) -> Counts:
        """Publish what is due; stop at the first sign that the broker is away."""
        counts: Counts = Counter()
        while files := await self._store.list_due(current.now, _PUBLISH_AT_ONCE):
            published = await asyncio.gather(*map(self._publish, files))
            counts[Outcome.JOBS_PUBLISHED] += sum(result is True for result in published)
            if any(result is None for result in published):
                break
        return counts

    async def _publish(self, file: FileRecord) -> bool | None:
        """Whether we published it; ``None`` when the broker did not take it, which leaves it for a later round."""
        next_at = now() + self._pause(file)
        if not await self._store.claim_outbox(file, next_at):
            return False
        if not await _publish_job(self._publisher, file):
            return None
        await self._store.empty_outbox(file, next_at, now())
        return True

    def _pause(self, file: FileRecord) -> timedelta:
        attempts = 0 if file.outbox is None else min(file.outbox.attempts, _MOST_DOUBLINGS)
        return min(_FIRST_PAUSE * (1 << attempts), self._longest_pause)


class StuckJobs:
    """Repeats jobs that the broker or a worker lost."""

    name: ClassVar[str] = "stuck jobs"

    def __init__(self, store: JobStore, publisher: Publisher, settings: ReconcileSettings) -> None:
        self._store = store
        self._publisher = publisher
        self._settings = settings

    async def run(self, current: Round) -> Counts:
        """Look at every file whose job has been out for a while."""
        counts: Counts = Counter()
        after = None
        until = current.now - min(self._settings.lease_grace, self._settings.redispatch_after)
        while files := await self._store.list_dispatched(until, after, _BATCH):
            after = files[-1].id
            states = await self._store.list_states([file.id for file in files])
            ended = [file for file in files if _ended(file, states.get(file.id))]
            if ended:
                await self._store.settle(ended, until)
                counts[Outcome.JOBS_SETTLED] += len(ended)
            lost = [file for file in files if file not in ended and self._lost(file, states.get(file.id), current.now)]
            repeated = await self._repeat(lost)
            counts[Outcome.JOBS_REPEATED] += repeated or 0
            if repeated is None:
                break
        return counts

    async def _repeat(self, files: Sequence[FileRecord]) -> int | None:
        """How many jobs we published again; ``None`` when the broker is away."""
        repeated = 0
        for file in files:
            if not await self._store.claim_dispatch(file, now()):
                continue
            if not await _publish_job(self._publisher, file):
                return None
            repeated += 1
        return repeated

    def _lost(self, file: FileRecord, state: ExtractionState | None, moment: datetime) -> bool:
        dispatched_at, requested_at = file.dispatched_at, file.extract_requested_at
        if dispatched_at is None or requested_at is None or file.skip_extraction:
            return False
        if state is not None and state.lease is not None and not state.status.ended:
            lease_over = state.lease.until + self._settings.lease_grace
            if lease_over > moment:
                return False
            if dispatched_at <= state.lease.until:
                return True
        pause = max(self._settings.redispatch_after, dispatched_at - requested_at)
        return moment - dispatched_at >= min(pause, self._settings.redispatch_limit)


def _ended(file: FileRecord, state: ExtractionState | None) -> bool:
    """Whether the run that the file's latest request asked for is over."""
    if state is None or file.extract_requested_at is None:
        return False
    return state.status.ended and state.requested_at >= file.extract_requested_at


async def _publish_job(publisher: Publisher, file: FileRecord) -> bool:
    """Publish the file's job; false when the broker is away, which loses nothing."""
    request_id = REQUEST_ID.get() if file.outbox is None else file.outbox.request_id
    try:
        await publisher.publish(extraction_job(file), correlation_id=request_id)
    except DependencyUnavailable:
        _log.warning("job not published", extra={"file_id": str(file.id)})
        return False
    return True
