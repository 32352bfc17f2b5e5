"""What pdfium refuses and pypdf still reads: cut-off streams, a missing ``startxref`` and the like."""

from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError, WrongPasswordError

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Reason, Unreadable, Warn

_ENCRYPTED = (FileNotDecryptedError, WrongPasswordError, DependencyError)
_DAMAGED = (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError)
"""What pypdf is known to raise on damaged documents, beyond its own errors."""

_END_WITHIN_BYTES = 1024


def read_with_pypdf(source: Path, limits: Limits) -> Items:
    """Give the pages' text and the title; raises ``Unreadable``. Nothing else can be trusted in such a file."""
    yield Facts(engine="pypdf")
    yield Notice(Warn.FALLBACK_ENGINE)
    yield Notice(Warn.METADATA_INCOMPLETE)
    try:
        reader = PdfReader(source)
        count = len(reader.pages)
        if count > limits.hard_pages:
            raise Unreadable(ErrorCode.TOO_MANY_PAGES)
        if count < 1:
            raise Unreadable(ErrorCode.CORRUPT)
        yield _facts(reader, count)
        for page in reader.pages:
            yield Page(page.extract_text())
    except _ENCRYPTED as error:
        raise Unreadable(ErrorCode.ENCRYPTED) from error
    except _DAMAGED as error:
        raise Unreadable(ErrorCode.CORRUPT, None if _has_end(source) else Reason.CUT_OFF) from error


def _has_end(source: Path) -> bool:
    """Whether the end-of-file marker stands where readers look for it (ISO 32000-1, annex H.3.4.4)."""
    with source.open("rb") as file:
        file.seek(max(0, source.stat().st_size - _END_WITHIN_BYTES))
        return b"%%EOF" in file.read()


def _facts(reader: PdfReader, count: int) -> Facts:
    information = reader.metadata
    title, author = (information.title, information.author) if information else (None, None)
    return Facts(page_count=count, title=title, author=author, encrypted=reader.is_encrypted)
