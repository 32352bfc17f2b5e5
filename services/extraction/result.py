"""Gathers a child's reports into the record of a run and batches of pages."""

from typing import Any
from uuid import UUID

from libs.clock import now
from libs.contracts.records import DocumentInfo, ExtractionRecord, ExtractionStatus, PageKey, PageRecord
from libs.tokens import estimate_tokens
from services.extraction.content import Warn
from services.extraction.protocol import Begun, FactsReport, PageReport, WarningReport

_PREVIEW_CHARACTERS = 200
_BATCH_PAGES = 50
_BATCH_CHARACTERS = 500_000


class Gathering:
    """What is known of a document so far. Counts are of the text kept; texts wait here until they are taken."""

    def __init__(self, file_id: UUID) -> None:
        self._file_id = file_id
        self._batch: list[PageRecord] = []
        self._batch_characters = 0
        self._engine: tuple[str | None, str | None] = (None, None)
        self._media_type: str | None = None
        self._facts: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._ocr_pages: list[int] = []
        self._preview = ""
        self._characters = self._tokens = self._words = 0
        self.pages_done = 0

    @property
    def page_count(self) -> int | None:
        """How many pages the document says it has."""
        count: int | None = self._facts.get("page_count")
        return count

    @property
    def batch_begun(self) -> bool:
        """Whether pages wait to be written."""
        return bool(self._batch)

    @property
    def batch_full(self) -> bool:
        """Whether the waiting pages should be written now: a batch is small enough never to stall the event loop."""
        return len(self._batch) >= _BATCH_PAGES or self._batch_characters >= _BATCH_CHARACTERS

    def take_batch(self) -> list[PageRecord]:
        """Give the waiting pages to whoever writes them."""
        batch, self._batch, self._batch_characters = self._batch, [], 0
        return batch

    def add(self, report: Begun | FactsReport | PageReport | WarningReport) -> None:
        """Take in one report."""
        if isinstance(report, PageReport):
            self._add_page(report)
        elif isinstance(report, Begun):
            self._media_type = report.media_type
            self._engine = (report.engine, report.engine_version)
        elif isinstance(report, FactsReport):
            if report.engine:
                self._engine = (report.engine, report.engine_version)
            self._facts |= {name: value for name, value in report.model_dump().items() if value not in (None, [])}
        elif report.warning not in self._warnings:
            self._warnings.append(report.warning.value)

    def _add_page(self, report: PageReport) -> None:
        text = report.text
        self._batch.append(
            PageRecord(
                id=PageKey(file_id=self._file_id, number=report.number),
                label=report.label,
                text=text,
                char_count=len(text),
                ocr=report.ocr,
                quality=report.quality,
            )
        )
        self._batch_characters += len(text)
        self.pages_done += 1
        if report.ocr:
            self._ocr_pages.append(report.number)
        if not text.isspace():
            self._characters += len(text)
            self._tokens += estimate_tokens(text)
            words = text.split()
            self._words += len(words)
            if len(self._preview) < _PREVIEW_CHARACTERS:
                beginning = " ".join(words[:_PREVIEW_CHARACTERS])
                self._preview = f"{self._preview} {beginning}".strip()[:_PREVIEW_CHARACTERS]

    def succeeded(self, record: ExtractionRecord) -> ExtractionRecord:
        """Give the record of a run that read its document to the end, or found nothing to extract from its type."""
        skipped = self._engine[0] is None
        if not skipped and not self._characters:
            self._warnings.append(Warn.NO_TEXT.value)
        return self._described(record).model_copy(
            update={
                "status": ExtractionStatus.SKIPPED if skipped else ExtractionStatus.SUCCEEDED,
                "page_count": None if skipped else self.page_count or self.pages_done,
                "lease": None,
                "ended_at": now(),
            }
        )

    def broken_off(self, record: ExtractionRecord) -> ExtractionRecord:
        """Give the record of a run whose document could not be read to its end; finished pages count and stay."""
        if self._characters:
            self._warnings.append(Warn.PARTIAL.value)
        return self._described(record)

    def _described(self, record: ExtractionRecord) -> ExtractionRecord:
        document = DocumentInfo.model_validate({**self._facts, "word_count": self._words, "ocr_pages": self._ocr_pages})
        return record.model_copy(
            update={
                "media_type": self._media_type,
                "engine": self._engine[0],
                "engine_version": self._engine[1],
                "page_count": self.page_count,
                "char_count": self._characters,
                "token_count": self._tokens,
                "preview": self._preview,
                "document": document,
                "warnings": self._warnings,
            }
        )
