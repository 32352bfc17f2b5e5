"""What an extractor takes and gives. Plain data: this module is shared by both sides of the sandbox's wall."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from typing import Any


class ErrorCode(StrEnum):
    """Why a document could not be read; the closed list of the HTTP contract."""

    ENCRYPTED = auto()
    CORRUPT = auto()
    TOO_MANY_PAGES = auto()
    TOO_LARGE_UNCOMPRESSED = auto()
    TIMEOUT = auto()
    OUT_OF_MEMORY = auto()
    UNSUPPORTED_TYPE = auto()
    INFECTED = auto()
    CRASHED = auto()


class Reason(StrEnum):
    """What exactly made a document unreadable, where its code alone does not say what to do about it."""

    ARCHIVE_SIZE = auto()
    ARCHIVE_RATIO = auto()
    ARCHIVE_MEMBERS = auto()
    SHEET_EXTENT = auto()
    IMAGE_PIXELS = auto()
    NESTING = auto()
    DOCTYPE = auto()
    CUT_OFF = auto()


class Warn(StrEnum):
    """What a reader of the text should know although extraction succeeded."""

    NO_TEXT = auto()
    TYPE_MISMATCH = auto()
    TRUNCATED_PAGES = auto()
    TRUNCATED_TEXT = auto()
    FALLBACK_ENGINE = auto()
    UNREADABLE_PAGES = auto()
    METADATA_INCOMPLETE = auto()
    PARTIAL = auto()
    """Part of the document is missing or damaged, or reading ended before it did; what was read is kept."""
    OCR_NO_TEXT = auto()
    """A page was read by OCR and nothing legible was found on it."""
    OCR_LOW_QUALITY = auto()
    """OCR was unsure of much of a page."""
    OCR_LANGUAGE_MISSING = auto()
    """A page is in a script for which no language is configured or installed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is read at most. What lies beyond the soft limits is cut with a warning."""

    pages: int = 2_000
    """Pages kept; more are cut (``truncated_pages``)."""
    hard_pages: int = 5_000
    """A document with more pages than this is refused (``too_many_pages``)."""
    characters: int = 10_000_000
    """Characters kept of a document; more are cut (``truncated_text``)."""
    page_characters: int = 200_000
    """Characters kept of one page; more are cut (``truncated_text``)."""
    block_characters: int = 5_000
    """Size aimed at where the format has no pages and the extractor makes blocks or sections."""
    unpacked_bytes: int = 200_000_000
    """Sum of the sizes a ZIP declares for its members."""
    ratio: int = 100
    """Unpacked to packed size of a whole ZIP."""
    members: int = 10_000
    """Members of a ZIP."""
    cells: int = 5_000_000
    """Cells a spreadsheet may hold, empty ones between used ones included where a reader makes them."""
    pixels: int = 100_000_000
    """Pixels of an image, or of a page rendered for OCR; decoding takes up to 4 bytes each."""
    depth: int = 500
    """Nesting of elements in markup."""
    ocr_languages: tuple[str, ...] = (
        *("eng", "deu", "fra", "spa", "ita", "por", "nld", "pol", "tur", "rus", "ukr", "ell"),
        *("ara", "chi_sim", "jpn", "kor"),
    )
    """Languages OCR may find, as Tesseract names them; the first is tried where nothing else tells."""


@dataclass(frozen=True, slots=True)
class Page:
    """One unit of text. ``number`` is the document's own count from 1; without it pages count on from the last."""

    text: str
    label: str | None = None
    number: int | None = None
    ocr: bool = False
    quality: float = 1.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document says of itself. May be given in parts: a later value replaces an earlier, None changes nothing.

    ``engine`` names the distribution that read the document when it is not the one registered for its type.
    """

    page_count: int | None = None
    engine: str | None = None
    title: str | None = None
    author: str | None = None
    created_at: datetime | None = None
    language: str | None = None
    outline: list[dict[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    encrypted: bool | None = None
    signed: bool | None = None
    macros: bool | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a warning was met; it is reported once however often it is given."""

    warning: Warn


@dataclass(frozen=True, slots=True)
class Heavy:
    """What follows takes long (OCR, a converter); an extractor yields this before the effort, not after.

    In the queue of short documents reading ends here, to begin anew in the queue of long ones.
    """


Item = Page | Facts | Notice | Heavy
"""What an extractor yields. One that has nothing to say but text is an ``Iterator[Page]``."""

Items = Iterator[Item]


class Unreadable(Exception):
    """The document itself is the problem. Pages given before it are kept; the document counts as failed."""

    def __init__(self, code: ErrorCode, reason: Reason | None = None) -> None:
        super().__init__(code.value, reason)
        self.code = code
        self.reason = reason
