"""What a PDF says of itself, as pdfium reads it: metadata, outline, attachments, protection."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from services.extraction.content import Facts
from services.extraction.extractors.pdf_strings import wide_string

_MOST_ENTRIES = 1_000
_UNPROTECTED = -1
_DATE = re.compile(
    r"(?:D:)?(?P<year>\d{4})(?P<month>\d\d)?(?P<day>\d\d)?(?P<hour>\d\d)?(?P<minute>\d\d)?(?P<second>\d\d)?"
    r"(?:(?P<sign>[-+])(?P<hours>\d\d)'?(?P<minutes>\d\d)?)?"
)


def read_facts(document: pdfium.PdfDocument) -> Facts:
    """Read all that concerns the whole document but its attachments; costs about a millisecond."""
    return Facts(
        title=_metadata(document, b"Title"),
        author=_metadata(document, b"Author"),
        created_at=parse_date(_metadata(document, b"CreationDate") or ""),
        language=wide_string(pdfium_c.FPDFCatalog_GetLanguage, document) or None,
        outline=list(islice(_entries(document), _MOST_ENTRIES)),
        encrypted=pdfium_c.FPDF_GetSecurityHandlerRevision(document) != _UNPROTECTED,
        signed=pdfium_c.FPDF_GetSignatureCount(document) > 0,
    )


def parse_date(text: str) -> datetime | None:
    """Read a date (ISO 32000-1, 7.9.4), as far as it goes: producers leave out parts and write impossible ones."""
    found = _DATE.match(text.strip())
    if not found:
        return None
    year, month, day = (int(found[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    offset = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    try:
        zone = timezone(-offset if found["sign"] == "-" else offset) if offset else UTC
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _metadata(document: pdfium.PdfDocument, key: bytes) -> str | None:
    return wide_string(pdfium_c.FPDF_GetMetaText, document, key) or None


def _entries(document: pdfium.PdfDocument) -> Iterator[dict[str, Any]]:
    """Flatten the outline: ``{title, level, page}``, both counted from 1."""
    for bookmark in document.get_toc():
        destination = bookmark.get_dest()
        index = destination.get_index() if destination else None
        yield {
            "title": wide_string(pdfium_c.FPDFBookmark_GetTitle, bookmark),
            "level": bookmark.level + 1,
            "page": None if index is None else index + 1,
        }


def attachment_names(document: pdfium.PdfDocument) -> list[str]:
    """Name the files of the document's name tree; ``pdf_annotations`` finds those on a page."""
    count = min(pdfium_c.FPDFDoc_GetAttachmentCount(document), _MOST_ENTRIES)
    attachments = (pdfium_c.FPDFDoc_GetAttachment(document, index) for index in range(count))
    return [attachment_name(attachment) for attachment in attachments if attachment]


def attachment_name(attachment: Any) -> str:
    """Name an embedded file."""
    return wide_string(pdfium_c.FPDFAttachment_GetName, attachment)
