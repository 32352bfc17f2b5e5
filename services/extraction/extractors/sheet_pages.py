"""From the rows of a sheet to pages: blocks of rows as Markdown tables, each beginning with the table's header.

The header is the first row of two or more cells; what stands above it (a title, a date) is text. After an empty row a
new table begins where a row holds nothing but words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.extraction.content import Limits, Page
from services.extraction.extractors.cell_addresses import address
from services.extraction.extractors.tables import markdown_table

_CELL_OVERHEAD, _LINE_OVERHEAD = 3, 2
"""Characters that a table spends on a cell and on a line besides text."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that holds something: its number from 1, and the text of its cells by their column from 1."""

    number: int
    cells: Mapping[int, str]
    words: bool = False
    """Whether all of it is text, as in a header."""


def sheet_pages(label: str, rows: Iterable[SheetRow], limits: Limits) -> Iterator[Page]:
    """Give a sheet in pages of about ``block_characters``, labelled with its name, from the second on with the rows."""
    block, header, last, first_page = _Block(None), None, 0, True
    for row in rows:
        begins_table = _begins_table(row, header, last)
        if not block.empty and block.size_with(row) > limits.block_characters:
            yield from block.pages(label, limits, first=first_page)
            block, first_page = _Block(header), False
        if begins_table:
            header = row
            block.begin(row)
        else:
            block.add(row)
        last = row.number
    if not block.empty:
        yield from block.pages(label, limits, first=first_page)


def _begins_table(row: SheetRow, header: SheetRow | None, last: int) -> bool:
    return len(row.cells) > 1 and (header is None or (row.words and row.number > last + 1))


class _Table:
    """Rows under one header; without a header, rows of one cell that are lines of text."""

    def __init__(self, header: SheetRow | None, *, repeated: bool) -> None:
        self.header = header
        self.shown: list[SheetRow] = []
        """The rows, and the header where it stands in the sheet."""
        self.columns: set[int] = set()
        self._repeated = repeated
        self._characters = 0

    def add(self, row: SheetRow) -> None:
        self._characters += _characters(row)
        if self._repeated and self.header:
            self._characters += sum(
                len(self.header.cells.get(column, "")) for column in row.cells.keys() - self.columns
            )
        self.columns |= row.cells.keys()
        self.shown.append(row)

    @property
    def size(self) -> int:
        return self._characters + _markup(len(self.columns), len(self.shown))

    def size_with(self, row: SheetRow) -> int:
        columns = len(self.columns | row.cells.keys())
        return self._characters + _characters(row) + _markup(columns, len(self.shown) + 1)

    def text(self, columns: Sequence[int]) -> str:
        if self.header is None:
            return "\n".join(text for row in self.shown for text in row.cells.values())
        rows = [self.header, *self.shown] if self._repeated else self.shown
        return markdown_table([[row.cells.get(column, "") for column in columns] for row in rows])


class _Block:
    """What one page holds: tables one after the other, the first of which may continue under an earlier header."""

    def __init__(self, header: SheetRow | None) -> None:
        self._header = header
        self._tables: list[_Table] = []

    @property
    def empty(self) -> bool:
        return not self._tables

    def begin(self, header: SheetRow) -> None:
        self._tables.append(_Table(header, repeated=False))
        self._tables[-1].add(header)

    def add(self, row: SheetRow) -> None:
        if not self._tables:
            self._tables.append(_Table(self._header, repeated=True))
        self._tables[-1].add(row)

    def size_with(self, row: SheetRow) -> int:
        return sum(table.size for table in self._tables[:-1]) + self._tables[-1].size_with(row)

    def pages(self, label: str, limits: Limits, *, first: bool) -> Iterator[Page]:
        """Give the one page of this block; a row too long for any page is given in groups of its columns."""
        if sum(table.size for table in self._tables) > limits.page_characters:
            yield from self._groups(label, limits)
            return
        text = "\n\n".join(table.text(sorted(table.columns)) for table in self._tables)
        yield Page(text, label=label if first and not self._sparse else f"{label}, {self._place}")

    def _groups(self, label: str, limits: Limits) -> Iterator[Page]:
        for table in self._tables:
            for columns in _column_groups(table, limits.block_characters):
                first, last = table.shown[0].number, table.shown[-1].number
                place = f"{address(first, columns[0])}:{address(last, columns[-1])}"
                yield Page(table.text(columns), label=f"{label}, {place}")

    @property
    def _place(self) -> str:
        first, last = self._tables[0].shown[0].number, self._tables[-1].shown[-1].number
        if self._sparse:
            columns = set().union(*(table.columns for table in self._tables))
            return f"{address(first, min(columns))}:{address(last, max(columns))}"
        return f"rows {first}-{last}" if last > first else f"row {first}"

    @property
    def _sparse(self) -> bool:
        """Whether more rows or columns are left out than shown, so that only a range tells where this is."""
        rows = [row.number for table in self._tables for row in table.shown]
        columns = set().union(*(table.columns for table in self._tables))
        return max(rows) - min(rows) >= 2 * len(rows) or max(columns) - min(columns) >= 2 * len(columns)


def _markup(columns: int, rows: int) -> int:
    """Return the characters of a table besides its text: bars around cells, and two lines for a header."""
    return (rows + 2) * (_CELL_OVERHEAD * columns + _LINE_OVERHEAD) + _CELL_OVERHEAD * columns


def _characters(row: SheetRow) -> int:
    return sum(map(len, row.cells.values()))


def _column_groups(table: _Table, most: int) -> Iterator[list[int]]:
    rows = [table.header, *table.shown] if table.header else table.shown
    group: list[int] = []
    size = 0
    for column in sorted(table.columns):
        width = sum(len(row.cells.get(column, "")) + _CELL_OVERHEAD for row in rows)
        if group and size + width > most:
            yield group
            group, size = [], 0
        group.append(column)
        size += width
    yield group
