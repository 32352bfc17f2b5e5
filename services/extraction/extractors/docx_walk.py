"""The walk over a part of a Word document: blocks (paragraphs, tables) in reading order.

A table says what is done with an element; one that is not in it is walked through.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.docx_drawings import chart, diagram
from services.extraction.extractors.docx_elements import SKIPPED, find, is_on, nearest, number, value
from services.extraction.extractors.docx_inline import PAGE_BREAK, InlineWalk
from services.extraction.extractors.docx_notes import Note
from services.extraction.extractors.docx_shared import Shared
from services.extraction.extractors.tables import markdown_table
from services.extraction.extractors.xml_parts import attribute, local_name

_WIDEST_SPAN = 63
"""Word's own limit of columns; a larger ``gridSpan`` is damage or an attack."""
_DEEPEST_HEADING = 6
_DROP_CAPS = frozenset(("drop", "margin"))
_INLINE = frozenset(("r", "t", "oMath", "oMathPara", "hyperlink", "fldSimple", "drawing", "pict", "commentReference"))


class PartWalk:
    """Walks one part, to whose relationships its elements refer."""

    def __init__(self, shared: Shared, part: str) -> None:
        self._shared = shared
        self._inline = InlineWalk(shared, part, self._note)
        self._flat = False
        self._in_list = False
        self._new_page = False
        self._drop_cap = ""
        self._handlers: Mapping[str, Callable[[Any], Iterator[Block]]] = {
            "p": self._paragraph,
            "tbl": self._table,
            "altChunk": self._chunk,
            "chart": self._chart,
            "relIds": self._diagram,
            "AlternateContent": self._alternative,
            **dict.fromkeys(_INLINE, self._loose),
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
        handler = self._handlers.get(name)
        return handler(element) if handler else self.blocks(element)

    def flat(self, container: Any) -> str:
        """Return everything inside an element as running text, cells of tables parted by semicolons."""
        outside, self._flat = self._flat, True
        try:
            return " ".join(" ".join(block.heading or str(block) for block in self.blocks(container)).split())
        finally:
            self._flat = outside

    def remarks(self, notes: Iterator[Note]) -> Iterator[Block]:
        """Give notes and comments to which nothing refers, each as a block."""
        for note in notes:
            if text := self._inline.notes([note]).strip():
                yield Block(text)

    def _note(self, note: Note) -> str:
        return PartWalk(self._shared, note.part).flat(note.element)

    def _loose(self, element: Any) -> Iterator[Block]:
        """Read text that stands outside of any paragraph, where it must not but does."""
        text = self._inline.text(element)
        yield from self._written(text, None)
        yield from self._aside()

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        text = self._inline.paragraph(paragraph)
        properties = find(paragraph, "pPr")
        frame = find(properties, "framePr")
        if frame is not None and attribute(frame, "dropCap") in _DROP_CAPS:
            self._drop_cap += text.strip()
        else:
            self._new_page |= is_on(properties, "pageBreakBefore")
            yield from self._written(self._drop_cap + text, properties)
            self._drop_cap = ""
        yield from self._aside()

    def _aside(self) -> Iterator[Block]:
        """Give the text boxes and drawings of the paragraph that was just read."""
        for element in self._inline.take_aside():
            handler = self._handlers.get(local_name(element), self.blocks)
            yield from handler(element)

    def _written(self, text: str, properties: Any) -> Iterator[Block]:
        if not text.strip() and find(properties, "rPr/del") is not None:
            return  # the paragraph itself was deleted: its number is not counted
        marker, level = self._marker(properties)
        heading = self._shared.styles.heading_level(properties) if properties is not None else 0
        for index, piece in enumerate(text.split(PAGE_BREAK)):
            self._new_page |= index > 0
            if piece.strip():
                yield self._block(piece, heading, marker, level)
                marker, self._new_page = "", False

    def _block(self, text: str, heading: int, marker: str, level: int) -> Block:
        tight, self._in_list = self._in_list and bool(marker), bool(marker) and not heading
        if heading:
            title = f"{marker} {' '.join(text.split())}".strip()
            return Block(f"{'#' * min(heading, _DEEPEST_HEADING)} {title}", title, heading, new_page=self._new_page)
        text = f"{'  ' * level}{marker} {text.strip()}" if marker else text.strip()
        return Block(text, tight=tight, new_page=self._new_page)

    def _marker(self, properties: Any) -> tuple[str, int]:
        """Count a paragraph in the list that it or its style is in; return what stands before it, and its depth."""
        style = value(properties, "pStyle")
        instance, level = self._shared.styles.list_of(style)
        if instance and level is None:
            level = self._shared.numbering.level_of_style(instance, style)
        instance = value(properties, "numPr/numId") or instance
        if not instance:
            return "", 0
        level = number(properties, "numPr/ilvl", level or 0)
        return self._shared.numbering.marker(instance, level), min(level, _DEEPEST_HEADING)

    def _table(self, table: Any) -> Iterator[Block]:
        rows = [row for row in nearest(table, "tr") if find(row, "trPr/del") is None]
        cells = [list(nearest(row, "tc")) for row in rows]
        self._in_list = False
        if len(cells) == 1 and len(cells[0]) == 1:  # a frame around text rather than a table
            yield from self.blocks(cells[0][0])
            return
        texts = [self._row(row, found) for row, found in zip(rows, cells, strict=True)]
        if self._flat:
            yield Block(" ".join("; ".join(filter(None, row)) for row in texts))
        elif any(map(any, texts)):
            yield table_block(markdown_table(texts))
        self._in_list = False

    def _row(self, row: Any, cells: list[Any]) -> list[str]:
        texts = [""] * min(number(row, "trPr/gridBefore"), _WIDEST_SPAN)
        for cell in cells:
            span = min(max(number(cell, "tcPr/gridSpan", 1), 1), _WIDEST_SPAN)
            texts += [self.flat(cell), *[""] * (span - 1)]
        return texts

    def _alternative(self, element: Any) -> Iterator[Block]:
        for branch in element:
            if blocks := list(self.blocks(branch)):
                yield from blocks
                return

    def _chart(self, element: Any) -> Iterator[Block]:
        if (root := self._drawing(element, "id")) is not None:
            yield from chart(root)

    def _diagram(self, element: Any) -> Iterator[Block]:
        if (root := self._drawing(element, "dm")) is not None:
            yield diagram(root)

    def _drawing(self, element: Any, reference: str) -> Any:
        part = self._inline.target(element, reference)
        return self._shared.parse(part) if part else None

    def _chunk(self, element: Any) -> Iterator[Block]:
        if part := self._inline.target(element):
            yield from self._shared.read_chunk(self._shared, part)
