"""PDF with a text layer: pdfium for text, pypdf where pdfium fails and for metadata and outline.

Page text comes from ``get_text_bounded``, which measured best in quality at 600 pages a second. An empty user password
is tried by both engines; any other makes the document ``encrypted``.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError, WrongPasswordError

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.extractors.hyphens import join_hyphenated
from services.extraction.extractors.pdf_facts import read_facts
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import PDF

_PYPDF_FAILURES = (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError)
"""What pypdf is known to raise on damaged documents, beyond its own errors."""


@extracts(PDF, engine="pypdfium2")
def extract_pdf(source: Path, limits: Limits) -> Items:
    """One page per page; metadata afterwards, so that slow metadata never costs text."""
    with source.open("rb") as file:  # not the path: pypdfium2 makes it absolute, where the child may not go
        try:
            document = pdfium.PdfDocument(file)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                raise Unreadable(ErrorCode.ENCRYPTED) from error
            document = None
        if document is not None:
            with closing(document):
                yield _checked_count(len(document), limits)
                yield from _pdfium_pages(document, limits)
    if document is None:
        yield from _extract_with_pypdf(source, limits)
    yield from read_facts(source)


def _checked_count(count: int, limits: Limits) -> Facts:
    if count > limits.hard_pages:
        raise Unreadable(ErrorCode.TOO_MANY_PAGES)
    if count < 1:
        raise Unreadable(ErrorCode.CORRUPT)
    return Facts(page_count=count)


def _pdfium_pages(document: pdfium.PdfDocument, limits: Limits) -> Iterator[Page | Notice]:
    """Read page by page; a page that pdfium cannot load stays empty with a warning instead of losing the others."""
    readable = False
    for index in range(min(len(document), limits.pages + 1)):
        text = _text(document, index)
        readable |= text is not None
        if text is None:
            yield Notice(Warn.UNREADABLE_PAGES)
        yield Page(join_hyphenated(text or ""), label=_label(document, index))
    if not readable:
        raise Unreadable(ErrorCode.CORRUPT)


def _text(document: pdfium.PdfDocument, index: int) -> str | None:
    try:
        with closing(document[index]) as page, closing(page.get_textpage()) as text_page:
            text: str = text_page.get_text_bounded()
    except pdfium.PdfiumError:
        return None
    return text


def _label(document: pdfium.PdfDocument, index: int) -> str | None:
    """Return the printed page number (``iv``, ``A-3``) where the document gives one that is not its position."""
    label: str = document.get_page_label(index)
    return label if label and label != str(index + 1) else None


def _extract_with_pypdf(source: Path, limits: Limits) -> Items:
    """Read what pdfium refuses: cut-off streams, missing ``startxref`` and the like."""
    yield Facts(engine="pypdf")
    yield Notice(Warn.FALLBACK_ENGINE)
    try:
        reader = PdfReader(source)
        yield _checked_count(len(reader.pages), limits)
        for page in reader.pages:
            yield Page(page.extract_text())
    except (FileNotDecryptedError, WrongPasswordError, DependencyError) as error:
        raise Unreadable(ErrorCode.ENCRYPTED) from error
    except _PYPDF_FAILURES as error:
        raise Unreadable(ErrorCode.CORRUPT) from error
