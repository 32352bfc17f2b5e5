"""What a document really is. Runs in the sandbox's child: libmagic is a parser like any other.

The rule: *content decides; the name only tells kinds of text apart, and the declared type stands in for a name without
an ending.*

1. What the first bytes say holds, whatever else follows (a PDF with a ZIP behind it is a PDF): so one parser runs, and
   only one. A ZIP is what its members say (``packages``), an OLE file what its directory says (``ole``); a damaged OLE
   file is the legacy type its name claims.
2. ``%PDF-`` within the first 1024 bytes makes a file named ``.pdf`` a PDF (ISO 32000-1 annex H.3.4.1, as readers do).
3. Text of any sort is what its ending says among the kinds of text that have an extractor. Under another ending it is
   JSON or rich text if it looks like that, HTML or mail only if the ending claims a document (Word and Excel files are
   often HTML or MIME inside), else plain text; without an ending, what libmagic or the declared type make of it.
4. Content that is nothing known, under a name that claims a known binary type: the document is ``corrupt``.
5. Content of a known type under a name that claims another: content wins, with warning ``type_mismatch``; when nothing
   can be extracted from it although the name promised so, it is ``unsupported_type``.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import magic

from services.extraction import ole, packages
from services.extraction.content import ErrorCode, Reason, Unreadable
from services.extraction.extractors import registry
from services.extraction.media_types import (
    BMP,
    EPUB,
    EXCEL,
    GIF,
    HTML,
    JPEG,
    LEGACY_EXCEL,
    LEGACY_POWERPOINT,
    LEGACY_WORD,
    MAIL,
    ODF_PRESENTATION,
    ODF_SPREADSHEET,
    ODF_TEXT,
    PDF,
    PNG,
    POWERPOINT,
    RTF,
    TIFF,
    UNKNOWN,
    WEBP,
    WORD,
)
from services.extraction.text import is_text

_ENDINGS: Mapping[str, str] = {
    PDF: ".pdf",
    WORD: ".docx .docm .dotx .dotm",
    EXCEL: ".xlsx .xlsm .xltx .xltm",
    POWERPOINT: ".pptx .pptm .ppsx .ppsm .potx .potm",
    LEGACY_WORD: ".doc .dot",
    LEGACY_EXCEL: ".xls .xlt",
    LEGACY_POWERPOINT: ".ppt .pps .pot",
    ODF_TEXT: ".odt .ott",
    ODF_SPREADSHEET: ".ods .ots",
    ODF_PRESENTATION: ".odp .otp",
    EPUB: ".epub",
    RTF: ".rtf",
    PNG: ".png",
    JPEG: ".jpg .jpeg",
    GIF: ".gif",
    BMP: ".bmp",
    WEBP: ".webp",
    TIFF: ".tif .tiff",
}
CLAIMS: Mapping[str, str] = {
    ending: media_type for media_type, endings in _ENDINGS.items() for ending in endings.split()
}
"""The media type that a file name's ending claims, for types whose content can be recognised."""

_LEGACY = {LEGACY_WORD, LEGACY_EXCEL, LEGACY_POWERPOINT}
_OWN_ENDINGS: Mapping[str, set[str]] = {HTML: {".html", ".htm", ".xhtml"}, MAIL: {".eml", ".mht", ".mhtml"}}
_KEPT_UNDER_ANY_ENDING = {"application/json", RTF}
_ALIASES = {
    "image/x-ms-bmp": BMP,
    "application/rtf": RTF,
    "application/x-ndjson": "text/plain",
    "image/svg+xml": "text/xml",
    "application/xml": "text/xml",
}
_TEXTS = {"application/json", "application/javascript", "application/x-empty", MAIL}
"""What libmagic calls text without a media type of ``text/``."""

_HEAD_BYTES = 1 << 20
"""As much as libmagic looks at itself; what lies further on, directories, is looked up there."""

_PDF_HEADER_WITHIN = 1024
_HEADER_FIELDS = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n", re.ASCII)
_MAIL_FIELD = re.compile(
    rb"^(?:from|to|subject|date|received|message-id|mime-version|content-type):", re.IGNORECASE | re.MULTILINE
)
"""RFC 5322 §2.2: fields, continued where a line begins with white space, up to an empty line; and the usual ones."""

_MAIL_HEAD_BYTES = 64 << 10

_magic = magic.Magic(mime=True)
_magic.from_buffer("text")  # compiles its expressions, which takes 4 ms: done here, forked children share them


@dataclass(frozen=True, slots=True)
class Detected:
    """The media type, and whether the name claimed another."""

    media_type: str
    mismatch: bool = False


def detect(source: Path, suffix: str, declared: str = "") -> Detected:
    """Apply the rule above to a file whose name ends in ``suffix`` (lower case, with its dot).

    ``declared`` is the media type the sender gave. Raises ``Unreadable`` for encrypted Office packages, for damaged
    files and for types nobody can extract.
    """
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    says_nothing = suffix not in CLAIMS and registry.text_kind(suffix) is None
    claim = CLAIMS.get(suffix) or (declared if says_nothing and declared in _ENDINGS else None)
    found = _magic.from_buffer(head)
    found = MAIL if _is_mail(head) else _ALIASES.get(found, found)
    media_type = _binary_type(source, head, found, suffix, claim) or _text_type(found, suffix, claim, declared)
    if claim is None or media_type == claim:
        return Detected(media_type)
    if media_type == UNKNOWN:
        raise Unreadable(ErrorCode.CORRUPT)
    if registry.find(claim) and not registry.find(media_type):
        raise Unreadable(ErrorCode.UNSUPPORTED_TYPE)
    return Detected(media_type, mismatch=True)


def _binary_type(source: Path, head: bytes, found: str, suffix: str, claim: str | None) -> str | None:
    """Name the type of anything but text; ``found`` is what libmagic makes of the head."""
    if head.startswith(ole.SIGNATURE):
        return ole.ole_type(source) or (claim if claim in _LEGACY else UNKNOWN)
    if head.startswith(b"PK\3\4") or (found in {UNKNOWN, packages.ZIP} and zipfile.is_zipfile(source)):
        return _package_type(source)
    if found == PDF or (suffix == ".pdf" and b"%PDF-" in head[:_PDF_HEADER_WITHIN]):
        return PDF
    if found.startswith("text/") or found in _TEXTS or is_text(head):
        return None
    return found


def _package_type(source: Path) -> str:
    if not zipfile.is_zipfile(source):  # the directory stands at the end
        raise Unreadable(ErrorCode.CORRUPT, Reason.CUT_OFF)
    return packages.package_type(source)


def _text_type(found: str, suffix: str, claim: str | None, declared: str) -> str:
    if kind := registry.text_kind(suffix):
        return kind
    if not suffix and registry.is_text_kind(declared):
        return declared
    kept = not suffix or claim or found in _KEPT_UNDER_ANY_ENDING or suffix in _OWN_ENDINGS.get(found, ())
    return found if kept and registry.find(found) else "text/plain"


def _is_mail(head: bytes) -> bool:
    """Whether text begins with the header of a message; libmagic knows that only by some first fields."""
    header = _HEADER_FIELDS.match(head[:_MAIL_HEAD_BYTES].replace(b"\r\n", b"\n"))
    return bool(header and len(_MAIL_FIELD.findall(header[0])) > 1)
