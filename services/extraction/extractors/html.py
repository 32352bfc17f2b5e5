"""HTML: parsed by Lexbor as browsers do, read by our own walk; nothing it refers to is fetched.

Frames, scripts, comments, templates and fields for passwords are left out; links stay as text in place, their targets
are listed as written.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from services.extraction.content import Facts, Items, Limits
from services.extraction.extractors.blocks import sections
from services.extraction.extractors.html_markup import pieces, read_markup
from services.extraction.extractors.html_walk import HtmlWalk
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.xml_parts import moment
from services.extraction.media_types import HTML

_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator")
_DATES = ("article:published_time", "date", "dc.date", "dcterms.created", "dcterms.date")


@extracts(HTML, "application/xhtml+xml", engine="selectolax", suffixes=(".html", ".htm", ".xhtml"))
def extract_html(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), long sections in several pages of the same label."""
    trees = parse(read_markup(source.read_bytes()), limits)
    first = next(trees)
    yield facts_of(first)
    walk = HtmlWalk()
    yield from sections(walk.all_blocks(chain([first], trees)), limits)
    yield Facts(links=list(walk.links))


def parse(markup: str, limits: Limits) -> Iterator[LexborHTMLParser]:
    """Give a document as one tree or, when it is long, several that hold as much as fits in memory each."""
    return map(LexborHTMLParser, pieces(markup, limits.depth))


def facts_of(tree: LexborHTMLParser) -> Facts:
    """Read what the head of a document says of it."""
    title = tree.css_first("title")
    declared = {
        (meta.attributes.get("name") or meta.attributes.get("property") or "").lower(): meta.attributes.get("content")
        for meta in tree.css("meta")
    }
    language = tree.root.attributes.get("lang") or tree.root.attributes.get("xml:lang") if tree.root else None
    return Facts(
        title=(title.text().strip() if title else None) or None,
        author=next(filter(None, map(declared.get, _AUTHORS)), None),
        created_at=next(filter(None, (moment((declared.get(name) or "").strip()) for name in _DATES)), None),
        language=language.partition("-")[0].strip().lower() if language else None,
    )
