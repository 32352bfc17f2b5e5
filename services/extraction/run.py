"""One run over one document: download, read in a child, store pages as they come, give the record of the result."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libs.contracts.records import ExtractionFailure, ExtractionRecord, FileRecord
from libs.errors import DependencyUnavailable
from libs.objects.store import ObjectMissing, ObjectStore
from services.extraction import errors
from services.extraction.content import ErrorCode, Limits
from services.extraction.errors import TooHeavy
from services.extraction.folders import private_folder
from services.extraction.lease import KeptAlive
from services.extraction.page_writer import PageWriter
from services.extraction.patience import Patience
from services.extraction.progress import Progress
from services.extraction.protocol import SOURCE_NAME, Finding, HeavyReport, PageReport
from services.extraction.reading import ChildFailed, Reading
from services.extraction.result import Gathering
from services.extraction.sandbox import DEFAULT_NICENESS, Sandbox
from services.extraction.settings import RunSettings
from services.extraction.store import ExtractionStore, failed

_log = logging.getLogger(__name__)

_LONGEST_SUFFIX = 16
_HEAVY_NICENESS = DEFAULT_NICENESS + 4
"""What is short goes first where the processor is short."""


@dataclass(frozen=True)
class Runner:
    """Carries out runs that were claimed; decides nothing about whose they are."""

    store: ExtractionStore
    objects: ObjectStore
    sandbox: Sandbox
    settings: RunSettings
    limits: Limits

    @asynccontextmanager
    async def run(
        self, file: FileRecord, record: ExtractionRecord, lease: KeptAlive, progress: Progress, *, heavy: bool
    ) -> AsyncIterator[ExtractionRecord]:
        """Read the document and give its final record, not yet written; after the block nothing else is left of it.

        Raises ``TooHeavy`` for a document of many pages or great effort unless ``heavy``, ``LeaseLost``, and
        ``DependencyUnavailable`` or the database's outages, after which the run can be repeated from its beginning.
        """
        async with private_folder(self.settings.tmp_base_folder) as folder:
            damage = await self._download(file, record, folder)
            if damage:
                yield failed(record, damage)
                return
            patience = Patience.of(self.settings, heavy=heavy)
            async with self.sandbox.open(
                folder,
                suffix=PurePosixPath(file.filename).suffix.lower()[:_LONGEST_SUFFIX],
                declared_type=file.declared_type,
                limits=self.limits,
                seconds=patience.seconds,
                longest=patience.longest,
                niceness=_HEAVY_NICENESS if heavy else DEFAULT_NICENESS,
            ) as reading:
                gathering = Gathering(file.id)
                await self._gather(reading, gathering, lease, progress, patience, heavy=heavy)
                yield await self._result(reading, gathering, record, patience)

    async def _result(
        self, reading: Reading, gathering: Gathering, record: ExtractionRecord, patience: Patience
    ) -> ExtractionRecord:
        try:
            await reading.verdict()
        except ChildFailed as error:
            if error.diagnosis:
                _log.warning("an extractor failed", extra={"file_id": str(record.id), "trace": error.diagnosis})
            failure = errors.failure(error.code, error.reason, self.limits, patience.seconds)
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
        self,
        reading: Reading,
        gathering: Gathering,
        lease: KeptAlive,
        progress: Progress,
        patience: Patience,
        *,
        heavy: bool,
    ) -> None:
        """Take the child's reports and store its pages, whatever ends the reading."""
        period = self.settings.page_period.total_seconds()
        async with PageWriter(self.store, lease, gathering, progress, period=period) as writer:
            async for report in reading.reports():
                if not isinstance(report, HeavyReport):
                    gathering.add(report)
                if not heavy and self._is_heavy(report, gathering):
                    raise TooHeavy
                if isinstance(report, PageReport) and report.ocr:
                    reading.extend(patience.grow())
                await writer.added()

    def _is_heavy(self, report: Finding, gathering: Gathering) -> bool:
        return isinstance(report, HeavyReport) or (gathering.page_count or 0) > self.settings.heavy_pages


class ChecksumMismatch(DependencyUnavailable):
    """The object store gave other bytes than were uploaded; it may give the right ones next time."""

    def __init__(self) -> None:
        super().__init__("object store")
