"""Read the extracted text of a file, page by page."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from libs.contracts.records import ExtractionRecord, FileRecord
from services.gateway.files.errors import NothingExtracted, PageNotFound, StillProcessing
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.models import MAX_PAGES_PER_ANSWER, FileContent
from services.gateway.files.status import ProcessingStatus, current_run, has_text, processing_status
from services.gateway.files.views import page_body

MAX_ANSWER_CHARACTERS = 8_000_000
"""A JSON answer ends early after this much text; ``next_page`` says where to go on."""

PAGE_BREAK = "\f"

_RETRY_AFTER = timedelta(seconds=3)
"""Most files are read within it."""


class ContentReader:
    """Answers pages as JSON, or streams them as text."""

    def __init__(self, extractions: ExtractionReader) -> None:
        self._extractions = extractions

    async def pages(
        self, file: FileRecord, extraction: ExtractionRecord | None, *, first: int, limit: int | None
    ) -> FileContent:
        """Return pages from ``first`` on, at most ``limit`` and as many as one answer holds.

        Raises ``StillProcessing``, ``NothingExtracted`` for a file in status ``error`` of which no page was read, and
        ``PageNotFound`` past the end.
        """
        most = min(limit or MAX_PAGES_PER_ANSWER, MAX_PAGES_PER_ANSWER)
        content = FileContent(file_id=file.id, page_count=_page_count(file, extraction), pages=[], next_page=None)
        characters = 0
        async with aclosing(self._extractions.pages(file.id, first=first, limit=most + 1)) as pages:
            async for page in pages:
                if len(content.pages) == most or characters > MAX_ANSWER_CHARACTERS:
                    content.next_page = page.id.number
                    break
                content.pages.append(page_body(page))
                characters += len(page.text)
        _check_not_past(first, found=bool(content.pages))
        return content

    async def text(
        self, file: FileRecord, extraction: ExtractionRecord | None, *, first: int, limit: int | None
    ) -> AsyncGenerator[str, None]:
        """Yield the text of the same pages, all of them without a ``limit``, with a form feed between two.

        Raises what ``pages`` raises, before anything is yielded.
        """
        _page_count(file, extraction)
        found = False
        async with aclosing(self._extractions.pages(file.id, first=first, limit=limit)) as pages:
            async for page in pages:
                yield PAGE_BREAK + page.text if found else page.text
                found = True
        _check_not_past(first, found=found)


def _page_count(file: FileRecord, extraction: ExtractionRecord | None) -> int:
    """Return how many pages there are to read; raise when there is nothing to read them from."""
    status = processing_status(file, extraction)
    if status is ProcessingStatus.PROCESSING:
        raise StillProcessing(retry_after=_RETRY_AFTER)
    run = current_run(file, extraction)
    if run is not None and run.error is not None and not has_text(run):
        raise NothingExtracted(run.error.message, error=run.error.model_dump())
    return (run.page_count or 0) if run is not None else 0


def _check_not_past(first: int, *, found: bool) -> None:
    """Raise ``PageNotFound``, but not for the first page: asking a file without text for its content is no mistake."""
    if not found and first > 1:
        raise PageNotFound(f"The document ends before page {first}.", page=first)
