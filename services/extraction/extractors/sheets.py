"""What the spreadsheet formats share: sheets of cells become pages of Markdown tables.

A sheet is never a grid here: its rows hold only the cells that hold something, so that a cell in the last corner costs
as much as one in the first. A table has the columns that its rows use, and a page begins anew with the table's header.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.blocks import blocks_of_lines
from services.extraction.extractors.sheet_pages import SheetRow, sheet_pages
from services.extraction.extractors.xml_parts import damage_is_corrupt

Comments = Mapping[int, Mapping[int, str]]
"""Comments as they are to be read, by row and column."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to be read: its rows from the top, and the lines of what is drawn on it."""

    name: str
    rows: Iterable[SheetRow]
    drawings: Iterable[str] = ()
    hidden: bool = False

    @property
    def label(self) -> str:
        """The name that pages carry."""
        return f"{self.name} (hidden)" if self.hidden else self.name


class Workbook:
    """Reads the sheets of one document."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._damage: list[Unreadable] = []
        self._cells = 0

    def items(self, sheets: Iterable[Sheet]) -> Items:
        """Give the pages of all sheets, then the outline: where each sheet begins.

        A sheet that is damaged from somewhere on keeps the rows before, with a warning; the others are read all the
        same. Raises ``Unreadable``: when nothing but damage was found, or more cells than the limit.
        """
        outline: list[dict[str, str | int]] = []
        pages = 0
        for sheet in sheets:
            begin = pages
            for page in self._pages(sheet):
                pages += 1
                yield page
            if pages > begin:
                outline.append({"title": sheet.label, "level": 1, "page": begin + 1})
        if self._damage and not pages:
            raise self._damage[0]
        if self._damage:
            yield Notice(Warn.UNREADABLE_PAGES)
        yield Facts(outline=outline)

    def _pages(self, sheet: Sheet) -> Iterator[Page]:
        yield from sheet_pages(sheet.label, self._counted(self._until_damage(sheet.rows)), self._limits)
        drawn = (f"\n{text}\n\n" if "\n" in text else f"{text}\n" for text in self._until_damage(sheet.drawings))
        lines = (line for text in drawn for line in text.splitlines(keepends=True))
        for page in blocks_of_lines(lines, self._limits):
            yield Page(page.text.strip("\n"), label=f"{sheet.label}, drawings")

    def _until_damage(self, parts: Iterable[_Item]) -> Iterator[_Item]:
        """End where reading fails; an attack rather than damage has a reason and fails the document."""
        try:
            yield from parts
        except Unreadable as error:
            if error.code is not ErrorCode.CORRUPT or error.reason:
                raise
            self._damage.append(error)

    def _counted(self, rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
        for row in rows:
            self._cells += len(row.cells)
            if self._cells > self._limits.cells:
                raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.SHEET_EXTENT)
            yield row


def facts_of(read: Callable[[], Facts]) -> Facts | Notice:
    """Give what a document says of itself; damage there costs a warning, not the text."""
    try:
        with damage_is_corrupt():
            return read()
    except Unreadable:
        return Notice(Warn.METADATA_INCOMPLETE)


def comment(author: str, text: str) -> str:
    """Write a comment as it is to be read beside what it comments on."""
    by = f" by {author}" if author else ""
    return f"[Comment{by}: {' '.join(text.split())}]"


def with_comments(rows: Iterable[SheetRow], comments: Comments) -> Iterator[SheetRow]:
    """Add comments to the cells they belong to; one on an empty cell makes it a cell."""
    waiting = sorted(comments, reverse=True)
    for row in rows:
        while waiting and waiting[-1] < row.number:
            number = waiting.pop()
            yield SheetRow(number, comments[number])
        if waiting and waiting[-1] == row.number:
            row = _commented(row, comments[waiting.pop()])  # noqa: PLW2901 - the same row with more text
        yield row
    for number in reversed(waiting):
        yield SheetRow(number, comments[number])


def _commented(row: SheetRow, comments: Mapping[int, str]) -> SheetRow:
    cells = dict(row.cells)
    for column, text in comments.items():
        cells[column] = f"{cells[column]} {text}" if column in cells else text
    return SheetRow(row.number, cells, row.words)
