"""Text as Satchel keeps it, and how bytes become text.

Kept text is NFC (so that a search finds what it looks for), has no control characters but tab and line feed, no lone
surrogates and no noncharacters (neither BSON nor JSON readers take them).
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import chardet
from chardet import EncodingEra

CHUNK_BYTES = 1 << 20
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_FORM_FEED = re.compile(r"[\x0b\x0c]")
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LABELS = {"x-sjis": "cp932", "x-gbk": "gb18030", "iso-8859-8-i": "iso8859-8", "x-mac-cyrillic": "mac-cyrillic"}
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_NO_DOCUMENT_ENCODINGS = frozenset(
    {"base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib", "idna", "punycode", "undefined"}
    | {"unicode-escape", "raw-unicode-escape"}
)
"""Codecs of Python that are no character encodings, some of them able to unpack bombs."""

_MOST_NULS = 0.1
_MOST_DAMAGED = 0.2
"""Share of the letters beyond ASCII that may be damaged in UTF-8."""
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_ACCENTS_RUN = 1.5
"""Mean length of runs of bytes beyond ASCII below which they are single letters."""
_LATIN = ("cp1252", "cp1250", "iso8859-2", "cp1254", "mac-roman", "cp850")
_ERAS = EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO | EncodingEra.DOS
LANGUAGE_SAMPLE_CHARACTERS = 20_000
_WORD = re.compile(r"(?<![\w/@.\\=$#&-])[^\W\d_][^\W\d_A-Z]{0,30}(?![\w@(=/\\\[])|[^\x00-\x7f]+")
"""A word of prose, or anything in a script of its own."""
_LEAST_WORDS, _LEAST_SMALL = 0.7, 0.4
"""Shares: of what is visible that must be words, of words that must begin small. Prose has 0.94 and 0.69 at least."""
_LANGUAGE_MINIMUM_CHARACTERS = 200
"""Below this chardet's guess at the language is often wrong; better none than a wrong one."""


def clean(text: str) -> str:
    """Normalise as described above; line ends become line feeds, form feeds too."""
    if text.isascii() and text.isprintable():
        return text
    text = _FORM_FEED.sub("\n", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text))


def decode(content: bytes, declared: str | None = None) -> str:
    """Decode bytes that come with a declared encoding: byte order mark, strict UTF-8, what is declared, what is found.

    UTF-8 goes before the declaration because text that happens to be valid UTF-8 is hardly ever anything else.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    codec = codec_of(declared)
    if codec is None or not content.isascii():
        try:
            return content.decode()
        except UnicodeDecodeError:
            codec = codec if codec not in {None, "utf-8"} else None
    return content.decode(codec or _guess(content[:CHUNK_BYTES]), "replace")


def codec_of(label: str | None) -> str | None:
    """Name Python's codec for a label of the web or of mail, or None for one that is unknown or no text encoding.

    Labels mean the larger encoding that writers use under that name (WHATWG Encoding, 4.2): ``latin1`` is cp1252.
    """
    label = (label or "").strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return None if name in _NO_DOCUMENT_ENCODINGS else _SUPERSETS.get(name, name)


def decode_file(source: Path) -> Iterator[str]:
    """Give a text file in pieces, decoded: byte order mark, else strict UTF-8, else what chardet finds.

    Bytes that do not fit the encoding become U+FFFD. A piece may end in the middle of a line.
    """
    decoder = codecs.getincrementaldecoder(detect_encoding(source))(errors="replace")
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def detect_encoding(source: Path) -> str:
    """Name the encoding of a text file in constant memory."""
    with source.open("rb") as file:
        head = file.read(CHUNK_BYTES)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return encoding
        if unmarked := utf16_without_mark(head):
            return unmarked
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            chunk = head
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _guess(head)
    return "utf-8"


def is_text(head: bytes) -> bool:
    """Tell whether bytes are text in UTF-8 or UTF-16; odd control characters and a few NULs do not matter."""
    if utf16_without_mark(head):
        return True
    try:
        decoded = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return decoded.count("\0") <= _MOST_NULS * len(decoded)


def utf16_without_mark(head: bytes) -> str | None:
    """Name the UTF-16 that text in a Latin script is in, which has a NUL in every second place and in no other."""
    pairs = len(head) // 2
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) <= pairs // 2 or min(even, odd) > _MOST_NULS * pairs:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(content: bytes) -> str:
    """Name the likeliest encoding; of 60 short texts in 18 languages this finds 54, chardet unaided 48.

    What is UTF-8 but for a few bytes is damaged UTF-8: one of them must not turn a whole document into other letters.
    Letters beyond ASCII that stand alone are the accents of a Latin script: nothing else is asked about then.
    """
    decoded = content.decode(errors="replace")
    if decoded.count("\ufffd") <= _MOST_DAMAGED * sum(not letter.isascii() for letter in decoded):
        return "utf-8"
    runs = _BEYOND_ASCII.findall(content)
    alone = sum(map(len, runs)) < _ACCENTS_RUN * len(runs)
    found = chardet.detect(content, include_encodings=_LATIN) if alone else chardet.detect(content, encoding_era=_ERAS)
    return found["encoding"] or "latin-1"


def lines_of(pieces: Iterator[str], longest: int) -> Iterator[str]:
    """Cut decoded pieces into lines with their ends; a line longer than ``longest`` is cut there."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).splitlines(keepends=True) or [""]
        for line in lines:
            yield from _bounded(line, longest)
        while len(rest) > longest:
            yield rest[:longest]
            rest = rest[longest:]
    yield from _bounded(rest, longest)


def _bounded(line: str, longest: int) -> Iterator[str]:
    for start in range(0, len(line), longest):
        yield line[start : start + longest]


def detect_language(text: str) -> str | None:
    """Name the language (ISO 639-1) of prose long enough to tell, or None.

    Numbers, code, encoded data and lists of names resemble the letters of some language too; they are told by having
    few words, or few that begin in lower case.
    """
    sample = text[:LANGUAGE_SAMPLE_CHARACTERS]
    words = _WORD.findall(sample)
    small = sum(not word[0].isupper() for word in words)
    visible = len(sample) - sum(map(str.isspace, sample))
    is_prose = sum(map(len, words)) >= _LEAST_WORDS * visible and small >= _LEAST_SMALL * len(words)
    if len(sample) < _LANGUAGE_MINIMUM_CHARACTERS or not is_prose:
        return None
    return chardet.detect(sample.encode(errors="ignore"))["language"] or None
