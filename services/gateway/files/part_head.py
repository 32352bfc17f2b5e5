"""Read the headers of one part of a form: its name, its file name, and what its bytes claim to be.

Browsers send names as raw UTF-8, older clients as Latin-1 or as RFC 8187 ``filename*``; all come out as valid Unicode.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from multipart import MultipartSegment

from services.gateway.files.multipart_errors import MalformedForm, UnsupportedEncoding

HEADER_CHARSET = "latin-1"
"""How the parser is told to decode headers: every byte survives as one character until it is read properly here."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]*)", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE_BREAKING = re.compile(r"[\0\r\n]")
_PLAIN_ENCODINGS = frozenset({"", "binary", "8bit", "7bit", "identity"})
_TEXT_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})
_DEFAULT_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class PartHead:
    """What a part says of itself; ``filename`` is ``None`` for a text field and may be empty for a file."""

    name: str
    filename: str | None
    content_type: str
    charset: str


def read_head(segment: MultipartSegment) -> PartHead:
    """Check and decode a part's headers; raises ``MalformedForm`` or ``UnsupportedEncoding``."""
    if any(_LINE_BREAKING.search(value) for _, value in segment.headerlist):
        raise MalformedForm("A part's header contains a line break or a NUL character.")
    dispositions = [value for name, value in segment.headerlist if name == "Content-Disposition"]
    if len(dispositions) != 1:
        raise MalformedForm("A part has more than one Content-Disposition header.")
    for header in ("Content-Transfer-Encoding", "Content-Encoding"):
        if (segment.header(header) or "").strip().lower() not in _PLAIN_ENCODINGS:
            raise UnsupportedEncoding(f"{header} is not supported in a part; send the bytes as they are.")
    content_type = segment.content_type or ""
    if content_type.startswith("multipart/"):
        raise MalformedForm("A part must not be multipart itself.")
    return PartHead(
        name=_field_name(segment),
        filename=_filename(segment, dispositions[0]),
        content_type=content_type if _MEDIA_TYPE.fullmatch(content_type) else _DEFAULT_MEDIA_TYPE,
        charset=_charset(segment),
    )


def _field_name(segment: MultipartSegment) -> str:
    name = _to_unicode(segment.name or "")
    if not name or _CONTROL.search(name):
        raise MalformedForm("A part has no usable name.")
    return name


def _filename(segment: MultipartSegment, disposition: str) -> str | None:
    """Prefer the extended form, as RFC 6266 §4.3 does; it counts only outside quoted strings."""
    filename = None if segment.filename is None else _to_unicode(segment.filename)
    if extended := _EXTENDED_NAME.search(_QUOTED.sub('""', disposition)):
        charset, encoded = extended.groups()
        try:
            filename = unquote_to_bytes(encoded).decode(charset)
        except UnicodeDecodeError as error:
            raise MalformedForm("A file name is not in the character set it declares.") from error
    if filename and "\0" in filename:
        raise MalformedForm("A file name contains a NUL character.")
    return filename


def _charset(segment: MultipartSegment) -> str:
    charset = (segment.charset or "utf-8").lower()
    if charset not in _TEXT_CHARSETS:
        raise MalformedForm("A part's character set is not supported; send UTF-8.")
    return charset


def _to_unicode(header: str) -> str:
    """Read bytes that the parser kept as Latin-1 characters as UTF-8, or leave them Latin-1 where they are not."""
    try:
        return header.encode(HEADER_CHARSET).decode("utf-8")
    except UnicodeDecodeError:
        return header
