"""File names as shown: what the sender called it, minus what could mislead a reader or a file system.

The name is never a path or a key here; it is shown, written into prompts and sent in ``Content-Disposition``.
"""

import re
import unicodedata

MAX_NAME_BYTES = 255
"""What file systems take, in UTF-8."""

FALLBACK = "file"
"""The name of a file whose own has nothing left to show."""

_MAX_EXTENSION_BYTES = 32
_SEPARATORS = re.compile(r"[/\\]")
_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls: they make `exe.pdf` of `fdp.exe`
    "\u00ad\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb"  # invisible; joiners stay, scripts and emoji need them
    "\ud800-\udfff"  # lone surrogates, which no encoding takes
    "\U000e0000-\U000e007f"  # tags: text that only a language model reads
    "]"
)
_JOINERS = "\u200c\u200d"


def display_name(raw: str) -> str:
    """Give ``raw`` in NFC without path, control and direction characters, at most 255 bytes long, never empty.

    The extension survives shortening. Dots and spaces at the end go, because Windows drops them and shows another
    extension than the one checked.
    """
    visible = unicodedata.normalize("NFC", _INVISIBLE.sub("", raw))
    name = _SEPARATORS.split(visible)[-1].strip().rstrip(". ")
    return _shorten(name) or FALLBACK


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    ending = dot + extension
    return _cut(stem, MAX_NAME_BYTES - len(ending.encode())) + ending


def _cut(text: str, size_bytes: int) -> str:
    """Cut between characters, not leaving half of a combined one to show."""
    kept = text.encode()[:size_bytes].decode("utf-8", errors="ignore")
    if kept != text and unicodedata.combining(text[len(kept)]):
        kept = kept.rstrip("".join(char for char in kept if unicodedata.combining(char)))[:-1]
    return kept.rstrip(_JOINERS + " .")
