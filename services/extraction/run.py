"""One run over one document: download, read in a child, store pages as they come, give the record of the result."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libs.contracts.records import ExtractionFailure, ExtractionRecord, FileRecord
from libs.errors import DependencyUnavailable
from libs.objects.store import ObjectMissing, ObjectStore
from services.extraction import errors, metrics
from services.extraction.content import ErrorCode, Limits
from services.extraction.errors import TooHeavy
from services.extraction.folders import private_folder
from services.extraction.lease import KeptAlive
from services.extraction.progress import Progress
from services.extraction.protocol import SOURCE_NAME, Finding, HeavyReport
from services.extraction.reading import ChildFailed, Reading
from services.extraction.result import Gathering
from services.extraction.sandbox import Sandbox
from services.extraction.settings import RunSettings
from services.extraction.store import ExtractionStore, failed

_log = logging.getLogger(__name__)

_LONGEST_SUFFIX = 16


@dataclass(frozen=True)
class Runner:
    """Carries out runs that were claimed; decides nothing about whose they are."""

    store: ExtractionStore
    objects: ObjectStore
    sandbox: Sandbox
    settings: RunSettings
    limits: Limits

    async def run(
        self, file: FileRecord, record: ExtractionRecord, lease: KeptAlive, progress: Progress, *, heavy: bool
    ) -> ExtractionRecord:
        """Read the document and give its final record, not yet written.

        Raises ``TooHeavy`` for a document of many pages or great effort unless ``heavy``, ``LeaseLost``, and
        ``DependencyUnavailable`` or the database's outages, after which the run can be repeated from its beginning.
        """
        seconds = (self.settings.heavy_timeout if heavy else self.settings.timeout).total_seconds()
        gathering = Gathering(file.id)
        async with private_folder(self.settings.tmp_base_folder) as folder:
            damage = await self._download(file, record, folder)
            if damage:
                return failed(record, damage)
            suffix = PurePosixPath(file.filename).suffix.lower()[:_LONGEST_SUFFIX]
            async with self.sandbox.open(folder, suffix=suffix, limits=self.limits, seconds=seconds) as reading:
                await self._gather(reading, gathering, lease, progress, heavy=heavy)
                try:
                    await reading.verdict()
                except ChildFailed as error:
                    if error.diagnosis:
                        _log.warning("an extractor failed", extra={"file_id": str(file.id), "trace": error.diagnosis})
                    failure = errors.failure(error.code, error.reason, self.limits, seconds)
                    return failed(gathering.broken_off(record), failure)
        return gathering.succeeded(record)

    async def _download(self, file: FileRecord, record: ExtractionRecord, folder: Path) -> ExtractionFailure | None:
        """Fetch the bytes and make sure they are the uploaded ones; return a failure when they never will be."""
        try:
            async with asyncio.timeout(self.settings.download_timeout.total_seconds()):
                stored = await self.objects.download(str(file.id), folder / SOURCE_NAME)
        except ObjectMissing:
            return ExtractionFailure(code=ErrorCode.CORRUPT.value, message=errors.MISSING)
        except TimeoutError as error:
            raise DependencyUnavailable("object store") from error
        except OSError as error:
            raise DependencyUnavailable("temporary folder") from error
        if stored.sha256 == file.sha256:
            return None
        _log.error("downloaded bytes are not those uploaded", extra={"file_id": str(file.id)})
        if record.attempt < self.settings.max_attempts:
            raise ChecksumMismatch
        return ExtractionFailure(code=ErrorCode.CORRUPT.value, message=errors.MISSING)

    async def _gather(
        self, reading: Reading, gathering: Gathering, lease: KeptAlive, progress: Progress, *, heavy: bool
    ) -> None:
        """Take the child's reports; write pages in batches, a last one whatever ended the reading."""
        async for report in reading.reports():
            if not isinstance(report, HeavyReport):
                gathering.add(report)
            if not heavy and self._is_heavy(report, gathering):
                raise TooHeavy
            progress.pages_done, progress.page_count = gathering.pages_done, gathering.page_count
            if gathering.batch_full:
                await self._write(gathering, lease)
        await self._write(gathering, lease)

    def _is_heavy(self, report: Finding, gathering: Gathering) -> bool:
        return isinstance(report, HeavyReport) or (gathering.page_count or 0) > self.settings.heavy_pages

    async def _write(self, gathering: Gathering, lease: KeptAlive) -> None:
        lease.check()
        batch = gathering.take_batch()
        await self.store.save_pages(batch)
        metrics.PAGES.inc(len(batch))


class ChecksumMismatch(DependencyUnavailable):
    """The object store gave other bytes than were uploaded; it may give the right ones next time."""

    def __init__(self) -> None:
        super().__init__("object store")
