"""RTF as tokens (RTF 1.9.1, "RTF Syntax"): control words, control symbols, group ends, and text as bytes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})?[0-9]*[ ]?"
    rb"|\\'(?P<hex>[0-9a-fA-F]{2})"
    rb"|\\(?P<symbol>[^a-zA-Z])"
    rb"|(?P<brace>[{}])"
    rb"|(?P<text>[^\\{}]{1,65536})"
    rb"|\\",
    re.DOTALL,
)
_LINE_ENDS = re.compile(rb"[\r\n\0]+")


class Token(NamedTuple):
    """A piece of RTF; ``kind`` is ``word``, ``symbol``, ``brace``, ``hex`` or ``text``.

    ``value`` is the word or symbol without its backslash, or the bytes that are text. ``number`` is the parameter of a
    control word, None where it has none.
    """

    kind: str
    value: bytes
    number: int | None = None


def tokens(source: bytes) -> Iterator[Token]:
    """Split a document; the binary data after the word ``bin`` are passed over, line ends in text mean nothing."""
    position = 0
    while found := _TOKEN.match(source, position):
        position = found.end()
        kind = found.lastgroup or ""
        if word := found["word"]:
            number = int(found["number"]) if found["number"] else None
            yield Token("word", word, number)
            if word == b"bin":
                position += max(number or 0, 0)
        elif kind == "text":
            if text := _LINE_ENDS.sub(b"", found["text"]):
                yield Token(kind, text)
        elif kind == "hex":
            yield Token(kind, bytes.fromhex(found["hex"].decode()))
        elif kind:
            yield Token(kind, found[kind])
