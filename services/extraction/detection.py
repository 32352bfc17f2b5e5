"""What a document really is. Runs in the sandbox's child: libmagic is a parser like any other.

The rule: *content decides; the name only tells kinds of text apart.*

1. libmagic looks at the content. A ZIP is what its directory says (Word, Excel, PowerPoint, OpenDocument, EPUB).
2. ``%PDF-`` within the first 1024 bytes makes a file named ``.pdf`` a PDF (ISO 32000-1 annex H.3.4.1, as readers do).
3. Text of any sort is what the name's ending says among the kinds of text that have an extractor, else what libmagic
   made of it, else ``text/plain``.
4. Content that is nothing known, under a name that claims a known binary type: the document is ``corrupt``.
5. Content of a known type under a name that claims another: content wins, with warning ``type_mismatch``; when nothing
   can be extracted from it although the name promised so, it is ``unsupported_type``.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import magic

from services.extraction.content import ErrorCode, Unreadable
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

CLAIMS = {
    ".pdf": PDF,
    ".docx": WORD,
    ".xlsx": EXCEL,
    ".pptx": POWERPOINT,
    ".doc": LEGACY_WORD,
    ".xls": LEGACY_EXCEL,
    ".ppt": LEGACY_POWERPOINT,
    ".odt": ODF_TEXT,
    ".ods": ODF_SPREADSHEET,
    ".odp": ODF_PRESENTATION,
    ".epub": EPUB,
    ".rtf": RTF,
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".gif": GIF,
    ".bmp": BMP,
    ".webp": WEBP,
    ".tif": TIFF,
    ".tiff": TIFF,
}
"""The media type that a file name's ending claims, for types whose content can be recognised."""

_ALIASES = {"image/x-ms-bmp": BMP, "application/rtf": RTF, "application/x-ndjson": "text/plain"}
_MAGIC_BYTES = 32 << 20
_PDF_HEADER_WITHIN = 1024
_OOXML_FOLDERS = {"word/": WORD, "xl/": EXCEL, "ppt/": POWERPOINT}
_MIMETYPE_BYTES = 200
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_STRUCTURED_TEXT = {"application/json", "application/javascript", "application/x-empty", MAIL}

_magic = magic.Magic(mime=True)


@dataclass(frozen=True, slots=True)
class Detected:
    """The media type, and whether the name claimed another."""

    media_type: str
    mismatch: bool = False


def detect(source: Path, suffix: str) -> Detected:
    """Apply the rule above to a file whose name ends in ``suffix`` (lower case, with its dot).

    Raises ``Unreadable`` for encrypted Office packages, for damaged files and for types nobody can extract.
    """
    with source.open("rb") as file:
        content = file.read(_MAGIC_BYTES)
    if content.startswith(_OLE) and _ENCRYPTED_PACKAGE in content:
        raise Unreadable(ErrorCode.ENCRYPTED)
    media_type = _content_type(source, content, suffix)
    claim = CLAIMS.get(suffix)
    if claim is None or media_type == claim:
        return Detected(media_type)
    if media_type == UNKNOWN:
        raise Unreadable(ErrorCode.CORRUPT)
    if registry.find(claim) and not registry.find(media_type):
        raise Unreadable(ErrorCode.UNSUPPORTED_TYPE)
    return Detected(media_type, mismatch=True)


def _content_type(source: Path, content: bytes, suffix: str) -> str:
    found = _magic.from_buffer(content)
    found = _ALIASES.get(found, found)
    if zipfile.is_zipfile(source) and not found.startswith("image/"):
        return _zip_type(source)
    if content.startswith(_ZIP):
        raise Unreadable(ErrorCode.CORRUPT)  # the directory stands at the end: this one was cut off
    if suffix == ".pdf" and b"%PDF-" in content[:_PDF_HEADER_WITHIN]:
        return PDF
    if found != RTF and (found.startswith("text/") or found in _STRUCTURED_TEXT or _is_text(content)):
        return registry.text_kind(suffix) or (found if registry.find(found) else _other_text(found, suffix))
    return found


def _other_text(found: str, suffix: str) -> str:
    """HTML keeps its own type unless its name says it is to be read as text; everything else is plain text."""
    return found if found == HTML and suffix in {".html", ".htm", ""} else "text/plain"


def _is_text(content: bytes) -> bool:
    """Whether libmagic's ``octet-stream`` is UTF-8 text after all, odd control characters and all."""
    try:
        decoded = content.decode()
    except UnicodeDecodeError:
        return False
    return "\0" not in decoded


def _zip_type(source: Path) -> str:
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return next((t for folder, t in _OOXML_FOLDERS.items() if _any_in(names, folder)), "application/zip")
            if names and names[0] == "mimetype":
                with archive.open("mimetype") as member:
                    return member.read(_MIMETYPE_BYTES).decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(ErrorCode.CORRUPT) from error
    return "application/zip"


def _any_in(names: list[str], folder: str) -> bool:
    return any(name.startswith(folder) for name in names)
