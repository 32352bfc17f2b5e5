"""HTML before it is parsed: decoded, cut into pieces that fit in memory, and never nested too deep.

Lexbor takes 40 to 100 bytes of memory per byte of markup, and time that grows with the square of the nesting (200,000
nested ``div`` keep it busy for a minute, deaf to signals). So the tags are counted first, without building anything.
Tags nested deeper than the limit are left out, their text stays; a long document is parsed in pieces, each of which
reopens the elements that the cut fell into.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape

from services.extraction.extractors.html_elements import ENDING_THEMSELVES, VOID
from services.extraction.text import codec_of, decode

PIECE_CHARACTERS = 1_000_000
_PROLOG_BYTES = 4_096
_CHARSET = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_XML = re.compile(r"\s*<\?xml\b")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_EMPTY_ELEMENT = re.compile(r"<([a-zA-Z][^\s/<>]*+)([^<>]*?)/>")
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?(?:</(?P=raw)\b[^>]*>?|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-z][^\s/>]*)[^>]*>?"
    r"|[^<]{1,50000}[^<\s]*+",
    re.IGNORECASE | re.DOTALL,
)


def read_markup(content: bytes, declared: str | None = None, *, xhtml: bool = False) -> str:
    """Decode a document, whose encoding may be ``declared`` by what brought it.

    Else it may declare it itself, as HTML or as XML (HTML 13.2.3.2), though never as UTF-16.

    XHTML, known by its prolog or by the caller, is rewritten as HTML: CDATA sections as text, and ``<title/>`` with the
    end tag without which HTML would take all that follows for the title.
    """
    found = _CHARSET.search(content[:_PROLOG_BYTES])
    codec = codec_of(found[1].decode("ascii", "replace")) if found else None
    codec = None if codec and codec.startswith(("utf-16", "utf-32")) else codec
    markup = decode(content, codec_of(declared) or codec)
    if not (xhtml or _XML.match(markup)):
        return markup
    return _EMPTY_ELEMENT.sub(_expanded, _CDATA.sub(lambda section: escape(section[1]), markup))


def _expanded(found: re.Match[str]) -> str:
    name = found[1]
    return f"<{name}{found[2]}>" if name.lower() in VOID else f"<{name}{found[2]}></{name}>"


def pieces(markup: str, depth: int, longest: int = PIECE_CHARACTERS) -> Iterator[str]:
    """Cut markup into pieces of about ``longest`` characters, in which no more than ``depth`` elements are nested."""
    open_names: list[str] = []
    counts: Counter[str] = Counter()
    piece: list[str] = []
    size, copied = 0, 0
    for tag in _TAG.finditer(markup):
        if size + tag.start() - copied > longest:
            yield "".join([*piece, markup[copied : tag.start()]])
            piece, size, copied = [f"<{name}>" for name in open_names[:depth]], 0, tag.start()
        name = (tag["name"] or "").lower()
        if name and name not in VOID and name not in ENDING_THEMSELVES:
            level = _close(name, open_names, counts) if tag["end"] else _open(name, open_names, counts)
            if not 0 < level <= depth:
                piece.append(markup[copied : tag.start()])
                size, copied = size + tag.start() - copied, tag.end()
    yield "".join([*piece, markup[copied:]])


def _open(name: str, open_names: list[str], counts: Counter[str]) -> int:
    """Return the level of the element that is opened, from 1."""
    open_names.append(name)
    counts[name] += 1
    return len(open_names)


def _close(name: str, open_names: list[str], counts: Counter[str]) -> int:
    """Return the level of the element that is closed together with all inside it; 0 when there is none."""
    if not counts[name]:
        return 0
    closed = ""
    while closed != name:
        closed = open_names.pop()
        counts[closed] -= 1
    return len(open_names) + 1
