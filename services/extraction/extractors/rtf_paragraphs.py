"""Paragraphs, list items and tables of an RTF document, gathered from running text."""

import re
from collections.abc import Iterator

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.tables import markdown_table

_BULLET = re.compile(r"[•·▪◦]\s+")
_CELL_PARTED = re.compile(r"; *(?=\n|$)")


class Paragraphs:
    """Turns running text into blocks; ``text`` is where the reader puts it, ``marker`` the number of a list item."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.marker = ""
        self._completed: list[Block] = []
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._in_list = False
        self._margins: dict[str, bool] = {}
        """Headers and footers already met, and which of them are footers."""

    def completed(self) -> Iterator[Block]:
        """Give the blocks completed since the last call."""
        if self._completed:
            yield from self._completed
            self._completed.clear()

    def rest(self) -> Iterator[Block]:
        """Complete what the end of the document leaves open, and give the footers."""
        self.end_row()
        self.end(0, 0)
        self._end_table()
        yield from self._completed
        yield from (Block(text) for text, foot in self._margins.items() if foot)

    def end(self, level: int, list_level: int) -> None:
        """End a paragraph; ``level`` makes it a heading, a marker a list item."""
        text, marker = self._take(), self.marker
        self.marker = ""
        if not text:
            return
        self._end_table()
        if bullet := _BULLET.match(text):
            marker, text = "-", text[bullet.end() :]
        if level:
            self._heading(f"{marker} {text}" if marker else text, min(level, 6))
        elif marker:
            self._item(marker if any(map(str.isalnum, marker)) else "-", text, "  " * list_level)
        else:
            self._in_list = False
            self._completed.append(Block(text))

    def end_cell(self) -> None:
        """End a table's cell; a table inside it reads as its cells, parted by semicolons."""
        text = _CELL_PARTED.sub("", self._take())
        self._row.append(f"{self.marker} {text}" if self.marker else text)
        self.marker = ""

    def end_row(self) -> None:
        """End a table's row; text after its last cell is a cell of its own."""
        if self._row and any(map(str.strip, self.text)):
            self.end_cell()
        if any(self._row):
            self._rows.append(self._row)
        self._row = []

    def add_margin(self, text: str, *, foot: bool) -> None:
        """Take a header or footer, of which every section brings its own copy."""
        if text and text not in self._margins:
            self._margins[text] = foot
            if not foot:
                self._completed.append(Block(text))

    def add_box(self, text: str) -> None:
        """Take a text box; it comes before the paragraph that it is anchored in."""
        self._completed.append(Block(text))

    def _heading(self, text: str, level: int) -> None:
        heading = " ".join(text.split())
        self._in_list = False
        self._completed.append(Block(f"{'#' * level} {heading}", heading, level))

    def _item(self, marker: str, text: str, indent: str) -> None:
        below = f"\n{indent}{' ' * (len(marker) + 1)}"
        self._completed.append(Block(f"{indent}{marker} {text.replace(chr(10), below)}", tight=self._in_list))
        self._in_list = True

    def _end_table(self) -> None:
        if self._rows:
            self._in_list = False
            self._completed.append(table_block(markdown_table(self._rows)))
            self._rows = []

    def _take(self) -> str:
        text = joined(self.text).strip()
        self.text.clear()
        return text


def joined(text: list[str]) -> str:
    """Join pieces of text; the halves of a letter beyond U+FFFF come as two numbers."""
    whole = "".join(text)
    return whole if whole.isascii() else whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
