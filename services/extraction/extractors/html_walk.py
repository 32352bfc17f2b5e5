"""The walk over an HTML tree: blocks of Markdown in reading order, as a reader without scripts would see them.

Tables of tags say what is done with an element; one that is in none is inline and walked through. Style sheets are not
evaluated: what ``display: none`` or ``hidden`` hides is included. Nothing that is referred to is ever fetched.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.html_elements import (
    BREAKS,
    CELLS,
    CONTAINERS,
    HEADINGS,
    LISTS,
    PREFORMATTED,
    UNSEEN,
)
from services.extraction.extractors.html_fields import AROUND, instead_of
from services.extraction.extractors.html_tables import children, grid, holds_data
from services.extraction.extractors.shifted_text import shifted
from services.extraction.extractors.tables import markdown_table

_SPACES = re.compile(r"[ \t\n\f\r\xa0]+")
_AROUND_BREAK = re.compile(r" *\n *")
_SEVERAL_SPACES = re.compile(r" {2,}")
_FENCES = re.compile(r"`{3,}")
_TARGETLESS = ("#", "javascript:", "data:")
_MOST_LINKS = 1_000
_POSITIONS = {"sup": "superscript", "sub": "subscript"}


@dataclass(slots=True)
class _Container:
    """What a list item, definition or quotation puts before its first line and before the others."""

    first: str
    others: str

    def take(self) -> str:
        """Return the prefix of the next block's first line; it is the marker only once."""
        taken, self.first = self.first, self.others
        return taken


class HtmlWalk:
    """Walks one document, which may come in several trees; ``links`` gathers the targets it meets, in their order."""

    def __init__(self, *, flat: bool = False) -> None:
        self.links: dict[str, None] = {}
        self._flat = flat
        """Whether tables are read as running text, cells parted by semicolons."""
        self._inline: list[str] = []
        self._containers: list[_Container] = []
        self._numbers: list[int | None] = []
        """The next number of each open list, None where items are not numbered."""
        self._preformatted = 0
        self._positions: list[str] = []
        """Of the open elements that raise or lower their text."""
        self._tight = False

    def all_blocks(self, trees: Iterable[LexborHTMLParser]) -> Iterator[Block]:
        """Give the blocks of all trees of a document."""
        for tree in trees:
            if tree.root is not None:
                yield from self.blocks(tree.root)

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        """Give the blocks inside a node. The walk does not recurse: nesting costs nothing here."""
        node: LexborNode | None = root
        while node is not None:
            entered = yield from self._enter(node)
            following = node.child if entered else None
            while following is None and node is not None:
                inside = node.mem_id != root.mem_id
                if entered:
                    yield from self._leave(node, inside=inside)
                following, node, entered = (node.next, node.parent, True) if inside else (None, None, False)
            node = following
        yield from self._flush()

    def _enter(self, node: LexborNode) -> Generator[Block, None, bool]:
        """Begin an element; the result says whether its children are walked."""
        tag = node.tag or ""
        if tag == "-text":
            self._add(node.text_content or "")
            return False
        if tag in UNSEEN:
            return False
        if tag in BREAKS:
            yield from self._flush()
        if tag == "table" and not self._flat and holds_data(node):
            yield from self._table(node)
            return False
        self._begin(tag, node)
        return True

    def _begin(self, tag: str, node: LexborNode) -> None:
        if tag in LISTS:
            self._numbers.append(_number(node, "start", 1) if tag == "ol" else None)
        elif tag in CONTAINERS:
            self._containers.append(self._container(tag, node))
        elif tag in PREFORMATTED:
            self._preformatted += 1
        elif tag in _POSITIONS:
            self._positions.append(_POSITIONS[tag])
        elif tag in {"a", "area"}:
            self._link((node.attributes.get("href") or "").strip())
        self._inline += [instead_of(tag, node), AROUND.get(tag, ("", ""))[0]]

    def _leave(self, node: LexborNode, *, inside: bool) -> Iterator[Block]:
        tag = node.tag or ""
        self._inline.append(AROUND.get(tag, ("", ""))[1])
        if self._flat and inside and tag in CELLS and node.next is not None:
            self._inline.append(";")
        if tag in BREAKS:
            yield from self._flush(HEADINGS.get(tag, 0))
        if tag in LISTS:
            self._numbers.pop()
            self._tight &= bool(self._numbers)
        elif tag in CONTAINERS:
            self._containers.pop()
        elif tag in PREFORMATTED:
            self._preformatted -= 1
        elif tag in _POSITIONS:
            self._positions.pop()

    def _add(self, text: str) -> None:
        text = text.replace("\xad", "")
        if self._positions:
            text = shifted(text, self._positions[-1])
        self._inline.append(text if self._preformatted else _SPACES.sub(" ", text))

    def _link(self, target: str) -> None:
        if target and len(self.links) < _MOST_LINKS and not target.lower().startswith(_TARGETLESS):
            self.links[target] = None

    def _container(self, tag: str, node: LexborNode) -> _Container:
        if tag == "blockquote":
            return _Container("> ", "> ")
        if tag == "dd":
            return _Container(": ", "  ")
        marker = "- "
        if self._numbers and (number := self._numbers[-1]) is not None:
            number = _number(node, "value", number)
            self._numbers[-1] = number + 1
            marker = f"{number}. "
        return _Container(marker, " " * len(marker))

    def _flush(self, level: int = 0) -> Iterator[Block]:
        """End a paragraph, if there is one; ``level`` makes it a heading."""
        text = "".join(self._inline)
        self._inline.clear()
        if not text.strip():
            return
        tight, self._tight = self._tight, bool(self._numbers)
        first, others = self._prefixes()
        if self._preformatted and not self._flat:
            yield _code(text.strip("\n"), first, others, tight=tight)
            return
        text = _SEVERAL_SPACES.sub(" ", _AROUND_BREAK.sub("\n", text)).strip()
        if level:
            heading = " ".join(text.split())
            yield Block(f"{first}{'#' * level} {heading}", heading, level)
        else:
            yield Block(first + text.replace("\n", f"\n{others}"), tight=tight)

    def _prefixes(self) -> tuple[str, str]:
        first = "".join(container.take() for container in self._containers)
        return first, "".join(container.others for container in self._containers)

    def _table(self, table: LexborNode) -> Iterator[Block]:
        for caption in children(table):
            if caption.tag == "caption" and (text := self._text_of(caption)):
                yield Block(self._prefixes()[0] + text)
        rows = [row for row in grid(table, self._text_of) if any(row)]
        if rows:
            yield table_block(markdown_table(rows))

    def _text_of(self, root: LexborNode) -> str:
        """Give all text inside a cell on one line."""
        inner = HtmlWalk(flat=True)
        inner.links = self.links
        return " ".join(" ".join((block.heading or block.text).split()) for block in inner.blocks(root))


def _code(text: str, first: str, others: str, *, tight: bool) -> Block:
    fence = "`" * max(3, 1 + max(map(len, _FENCES.findall(text)), default=0))
    lines = others + text.replace("\n", f"\n{others}")
    return Block(lines, before=f"{first}{fence}\n", after=f"\n{others}{fence}", tight=tight)


def _number(node: LexborNode, name: str, default: int) -> int:
    value = (node.attributes.get(name) or "").strip()
    return int(value[:9]) if value.isascii() and value.isdigit() else default
