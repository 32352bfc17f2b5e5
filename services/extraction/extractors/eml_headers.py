"""Headers of mail: decoded whatever their writers did (RFC 2047, RFC 2231, raw 8-bit letters)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from services.extraction.text import codec_of, decode

_LONGEST_HEADER = 50_000
"""Characters; the standard library takes time that grows with the square of a header's parameters."""
_SHOWN = ("From", "To", "Cc", "Bcc", "Date", "Subject")


class BoundedHeaders(Compat32):
    """The tolerant policy of the standard library, with an end to every header."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        """Split a header into name and value, as ``Compat32`` does."""
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[:_LONGEST_HEADER]


def header(message: Message, name: str) -> str:
    """Return a header's text on one line, empty where there is none."""
    values = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return " ".join(decoded(str(next(values, ""))).split())


def header_lines(message: Message) -> str:
    """Return the headers that a reader sees, one a line."""
    lines = ((name, header(message, name)) for name in _SHOWN)
    return "\n".join(f"{name}: {value}" for name, value in lines if value)


def date_of(message: Message) -> datetime | None:
    """Return when a message says it was written; without a zone that means UTC (RFC 5322, 4.3)."""
    try:
        date = parsedate_to_datetime(header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def decoded(value: str) -> str:
    """Decode encoded words and, where there were bytes beyond ASCII, these."""
    if all(letter.isascii() or "\udc80" <= letter <= "\udcff" for letter in value):
        value = decode(value.encode("ascii", "surrogateescape"))
    try:
        pieces = decode_header(value)
    except HeaderParseError:  # an encoded word that is no Base64: better shown than lost
        return value
    return "".join(piece if isinstance(piece, str) else _piece(piece, charset) for piece, charset in pieces)


def _piece(piece: bytes, charset: str | None) -> str:
    """Decode what ``decode_header`` gives as bytes: without a charset, characters it has escaped itself."""
    if charset is None:
        return piece.decode("raw-unicode-escape", "replace")
    return decode(piece, codec_of(charset))
