"""A PDF's metadata, outline and attachments, by pypdf, within two seconds.

pypdf has had dozens of endless loops and memory bugs; none may cost the text already read. It is pure Python, so an
interval timer's signal reaches it wherever it is.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from pypdf import DocumentInformation, PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import Destination

from services.extraction.content import Facts, Notice, Warn

_SECONDS = 2.0
_OUTLINE_ENTRIES = 1_000
_FAILURES = (
    *(PyPdfError, DependencyError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(NotImplementedError, RecursionError, OSError, MemoryError),
)
"""What pypdf raises on damaged documents; the timer's TimeoutError is an OSError."""


def read_facts(source: Path) -> Iterator[Facts | Notice]:
    """Give what can be learnt; a document whose metadata cannot be read has a warning, not a failure."""
    try:
        with _time_limit(_SECONDS):
            facts = _read(PdfReader(source))
    except _FAILURES:
        yield Notice(Warn.METADATA_INCOMPLETE)
    else:
        yield facts


def _read(reader: PdfReader) -> Facts:
    information = reader.metadata
    catalog = reader.root_object
    language = catalog.get("/Lang")
    form = catalog.get("/AcroForm", {})
    return Facts(
        title=information.title if information else None,
        author=information.author if information else None,
        created_at=_date(information) if information else None,
        language=str(language) if language else None,
        outline=list(_entries(reader, reader.outline, 1))[:_OUTLINE_ENTRIES],
        attachments=[attachment.name for attachment in reader.attachment_list],
        encrypted=reader.is_encrypted,
        signed=bool(int(form.get_object().get("/SigFlags", 0)) & 1) if form else False,
    )


def _date(information: DocumentInformation) -> datetime | None:
    """Read the creation date; half of all producers get its format wrong (ISO 32000-1, 7.9.4)."""
    try:
        date = information.creation_date
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC) if date else None


def _entries(reader: PdfReader, outline: list[Any], level: int) -> Iterator[dict[str, Any]]:
    """Flatten pypdf's nested lists: ``{title, level, page}``, pages counted from 1."""
    for entry in outline:
        if isinstance(entry, list):
            yield from _entries(reader, entry, level + 1)
        elif isinstance(entry, Destination):
            index = reader.get_destination_page_number(entry)
            yield {"title": str(entry.title), "level": level, "page": index + 1 if index is not None else None}


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
