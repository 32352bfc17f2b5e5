"""The walk over an OpenDocument text: blocks (paragraphs, headings, lists, tables) in reading order.

A table says what is done with an element; one that is not in it is walked through (ODF 1.3 part 3, §4, §5, §9, §10).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.odf_inline import ASIDE, SKIPPED, Gathered, InlineWalk
from services.extraction.extractors.odf_lists import ListCounter, OpenList
from services.extraction.extractors.odf_styles import BULLET, Styles
from services.extraction.extractors.tables import markdown_table
from services.extraction.extractors.xml_parts import attribute, local_name, whole_number

_DEEPEST_HEADING = 6
_DEEPEST_OUTLINE = 10
_MOST_REPEATED = 100
"""How often one cell or row may repeat itself; more is an attack, as texts have no empty grids to fill."""
_NOT_OF_A_FRAME = frozenset(("title", "desc"))

OpenObject = Callable[[str], Any]
"""Gives the root element of an embedded object by its name, None when it has none that can be read."""


class OdfWalk:
    """Walks one document."""

    def __init__(self, styles: Styles, gathered: Gathered, open_object: OpenObject) -> None:
        self._styles = styles
        self._gathered = gathered
        self._open_object = open_object
        self._lists = ListCounter(styles)
        self._inline = InlineWalk(styles, gathered, self.flat)
        self._list: OpenList | None = None
        self._marker = ""
        """What the next paragraph begins with, as the first of its list item."""
        self._flat = False
        self._in_list = False
        self._handlers: Mapping[str, Callable[[Any], Iterator[Block]]] = {
            "p": self._paragraph,
            "h": self._heading,
            "list": self._list_blocks,
            "table": self._table,
            "section": self._section,
            "frame": self._frame,
            "object": self._object,
            "object-ole": self._attachment,
            "math": self._formula,
            "creator": lambda _: iter(()),
            "date": lambda _: iter(()),
            "annotation": self._loose,
            "note": self._loose,
        }

    def blocks(self, container: Any) -> Iterator[Block]:
        """Give the blocks inside an element, without empty ones."""
        for element in container:
            yield from self.block(element)

    def block(self, element: Any) -> Iterator[Block]:
        """Give the blocks that one element makes."""
        name = local_name(element)
        if name in SKIPPED:
            return iter(())
        if handler := self._handlers.get(name):
            return handler(element)
        return self._shape(element) if name in ASIDE else self.blocks(element)

    def flat(self, container: Any) -> str:
        """Return everything inside an element as running text, cells of tables parted by semicolons."""
        outside = self._flat, self._list, self._marker, self._in_list, self._inline.take_aside()
        self._flat, self._list, self._marker = True, None, ""
        try:
            return " ".join(" ".join(block.heading or str(block) for block in self.blocks(container)).split())
        finally:
            self._flat, self._list, self._marker, self._in_list, self._inline.aside = outside

    def _loose(self, element: Any) -> Iterator[Block]:
        """Read a comment or note that stands beside paragraphs rather than in one."""
        if text := self._inline.one(element):
            yield Block(text)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        text = self._inline.paragraph(paragraph)
        if text:
            depth = self._list.level - 1 if self._list else 0
            marker, self._marker = self._marker, ""
            tight, self._in_list = self._in_list and bool(marker), bool(marker)
            text = f"{'  ' * depth}{marker} {text}" if marker else text
            yield Block(text, tight=tight, new_page=self._begins_page(paragraph))
        yield from self._aside()

    def _heading(self, heading: Any) -> Iterator[Block]:
        text = " ".join(self._inline.paragraph(heading).split())
        if text:
            level = whole_number(attribute(heading, "outline-level"), 1, _DEEPEST_OUTLINE, least=1)
            marker = self._marker if self._list else self._lists.heading(heading, level)
            title = text if marker in {"", BULLET} else f"{marker} {text}"
            self._marker, self._in_list = "", False
            mark = "#" * min(level, _DEEPEST_HEADING)
            yield Block(f"{mark} {title}", title, level, new_page=self._begins_page(heading))
        yield from self._aside()

    def _begins_page(self, paragraph: Any) -> bool:
        return attribute(paragraph, "style-name") in self._styles.new_page

    def _aside(self) -> Iterator[Block]:
        for element in self._inline.take_aside():
            yield from self.block(element)

    def _list_blocks(self, element: Any) -> Iterator[Block]:
        outer, self._list = self._list, self._lists.open(element, self._list)
        opened = self._list
        for item in element:
            first = next(iter(item), None)
            counted = local_name(item) == "list-item" and first is not None and local_name(first) != "list"
            self._marker = self._lists.item(opened, item) if counted else ""
            yield from self.blocks(item)
        self._list, self._marker = outer, ""

    def _table(self, table: Any) -> Iterator[Block]:
        rows: list[list[str]] = []
        for row in _rows(table):
            rows += [self._cells(row)] * self._repeated(row, "number-rows-repeated")
        if self._flat:
            yield Block(" ".join("; ".join(filter(None, row)) for row in rows))
        elif any(map(any, rows)):
            yield table_block(markdown_table(rows))
        self._in_list = False

    def _cells(self, row: Any) -> list[str]:
        texts: list[str] = []
        for cell in row:
            if local_name(cell) in {"table-cell", "covered-table-cell"}:
                texts += [self.flat(cell)] * self._repeated(cell, "number-columns-repeated")
        return texts

    def _repeated(self, element: Any, name: str) -> int:
        """Return how often a cell or row stands there; in nested tables once, or repetitions would multiply."""
        return 1 if self._flat else whole_number(attribute(element, name), 1, _MOST_REPEATED, least=1)

    def _section(self, section: Any) -> Iterator[Block]:
        """Give a section; one that is hidden says so, as its text does not belong to what readers see."""
        hidden = attribute(section, "display") in {"none", "condition"}
        if hidden:
            yield Block(f"[Hidden section: {attribute(section, 'name')}]")
        yield from self.blocks(section)
        if hidden:
            yield Block("[End of hidden section]")

    def _frame(self, frame: Any) -> Iterator[Block]:
        """Give the first content of a frame that has any: the others are the same for other programs (10.4.2)."""
        yield from self._described(frame)
        for content in frame:
            blocks = [] if local_name(content) in _NOT_OF_A_FRAME else list(self.block(content))
            yield from blocks
            if blocks:
                return

    def _shape(self, shape: Any) -> Iterator[Block]:
        yield from self._described(shape)
        for content in shape:
            if local_name(content) not in _NOT_OF_A_FRAME:
                yield from self.block(content)

    def _described(self, shape: Any) -> Iterator[Block]:
        texts = (" ".join((shape.findtext(f"{{*}}{name}") or "").split()) for name in ("title", "desc"))
        if description := ". ".join(dict.fromkeys(filter(None, texts))):
            yield Block(f"[Picture: {description}]")

    def _object(self, element: Any) -> Iterator[Block]:
        """Read a formula, chart or other document that is embedded, in place or as a part of the package."""
        if len(element):
            yield from self.blocks(element)
            return
        root = self._open_object(attribute(element, "href"))
        if root is not None:
            yield from self.block(root)

    def _attachment(self, element: Any) -> Iterator[Block]:
        if name := attribute(element, "href").rpartition("/")[2]:
            self._gathered.attachments[name] = None
        return iter(())

    def _formula(self, element: Any) -> Iterator[Block]:
        """Give a formula in its editor's notation, which reads better than its signs in a row."""
        annotation = element.findtext(".//{*}annotation")
        text = annotation or "".join(element.itertext())
        if text.strip():
            yield Block(" ".join(text.split()))


def _rows(table: Any) -> Iterator[Any]:
    """Give the rows of a table, in whatever groups they stand."""
    for child in table:
        name = local_name(child)
        if name == "table-row":
            yield child
        elif name.startswith("table-") and name.endswith(("rows", "row-group")):
            yield from _rows(child)
