"""Hold a file's first bytes against what its name says; ``types`` states the rule."""

import codecs
from collections.abc import Mapping
from functools import cache

import magic

from services.gateway.files.types import Family, FileType, refusal

_SILENT = {"application/octet-stream", "application/x-empty"}
_ZIP = {"application/zip", "application/x-zip-compressed"}
_OLE_PREFIXES = (
    "application/x-ole-storage",
    "application/cdfv2",
    "application/encrypted",
    "application/ms",
    "application/vnd.ms-",
)
_TEXT_TYPES = {
    "application/json",
    "application/x-ndjson",
    "application/javascript",
    "application/xml",
    "application/csv",
    "application/x-yaml",
    "message/rfc822",
    "message/news",
    "image/svg+xml",
}
_UNMISTAKABLE = ("application/pdf", "application/x-dosexec", "application/zip", "application/vnd.openxmlformats-")
_PROGRAMS = {
    "application/x-dosexec",
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-pie-executable",
    "application/x-sharedlib",
    "application/x-object",
    "application/x-mach-binary",
    "application/x-java-applet",
    "application/java-archive",
    "application/wasm",
    "application/x-ms-shortcut",
}
_PDF_HEADER_WITHIN = 1024
_ALIASES: Mapping[str, str] = {"image/x-ms-bmp": "image/bmp"}


def check_content(head: bytes, expected: FileType) -> str:
    """Return the media type to store for a file that begins with ``head``.

    Raises ``UnsupportedFileType`` when the content is a program, or clearly of another family than its name.
    """
    found = _libmagic().from_buffer(head)
    if found in _PROGRAMS or not (found in _SILENT or _agrees(found, head, expected.family)):
        raise refusal(f"The file's content is {found}, which its name does not say.", found=found)
    found = _ALIASES.get(found, found)
    return found if expected.family is Family.IMAGE and found.startswith("image/") else expected.media_type


def _agrees(found: str, head: bytes, family: Family) -> bool:
    match family:
        case Family.PDF:
            # Readers accept a header within the first 1024 bytes (ISO 32000-1, annex H.3.4.1).
            return found == "application/pdf" or b"%PDF-" in head[:_PDF_HEADER_WITHIN]
        case Family.OFFICE:
            # An encrypted package is an OLE container whatever its name (MS-OFFCRYPTO §1.3.2).
            return found in _ZIP or found.startswith(("application/vnd.openxmlformats-", *_OLE_PREFIXES))
        case Family.OPEN_DOCUMENT:
            return found in _ZIP or found.startswith(("application/vnd.oasis.", "application/epub+zip"))
        case Family.LEGACY_OFFICE:
            # Programs save HTML, RTF, tables and new packages under the old endings.
            return (
                _is_textual(found)
                or found in _ZIP
                or found.startswith((*_OLE_PREFIXES, "application/rtf", "application/vnd.openxmlformats-"))
            )
        case Family.IMAGE:
            return found.startswith("image/") and found != "image/svg+xml"
        case Family.TEXT:
            return _is_textual(found) or (_reads_as_text(head) and not found.startswith(_UNMISTAKABLE))


def _is_textual(found: str) -> bool:
    return found.startswith("text/") or found in _TEXT_TYPES


def _reads_as_text(head: bytes) -> bool:
    """Whether the head is UTF-8, cut anywhere, without control characters a text has no use for."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\n\r\f\x1b" for character in text)


@cache
def _libmagic() -> magic.Magic:
    """Return the process's own cookie: loading the database takes milliseconds, asking it microseconds."""
    return magic.Magic(mime=True)
