"""Legacy Excel workbooks (.xls): cells, formats and notes by xlrd, what is drawn by our own walk over the records.

xlrd is asked for formatting because without it only dates are told from other numbers; that costs it a fifth more time.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import olefile
import xlrd

from services.extraction.content import ErrorCode, Facts, Heavy, Items, Limits, Notice, Unreadable, Warn
from services.extraction.extractors.biff_drawings import biff_drawings
from services.extraction.extractors.number_formats import BUILT_IN, number_format
from services.extraction.extractors.ole_facts import ole_facts
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.sheet_pages import SheetRow
from services.extraction.extractors.sheets import Comments, Sheet, Workbook, comment, with_comments
from services.extraction.media_types import LEGACY_EXCEL

_DAMAGE = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    struct.error,
    ArithmeticError,
    AssertionError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    RecursionError,
    NotImplementedError,
)
"""What xlrd and olefile raise for damaged workbooks."""
_HEAVY_BYTES = 20_000_000
"""A workbook's stream from which reading takes a good part of a short document's time."""
_MOST_LINKS = 1_000
_STREAMS = ("Workbook", "Book")
_NATIONAL = frozenset({*range(5, 9), *range(41, 45)})
"""Numbered formats whose currency and grouping the file itself states."""


@extracts(LEGACY_EXCEL, engine="xlrd")
def extract_xls(source: Path, limits: Limits) -> Items:
    """One page per block of rows of each sheet, in the workbook's order, then what is drawn on the sheet."""
    try:
        stream = source.read_bytes()
        if olefile.isOleFile(source):  # before Excel 5 the stream was the file itself
            yield _facts(source)
            stream = _stream(stream)
        if len(stream) > _HEAVY_BYTES:
            yield Heavy()
        sheets = _Sheets(stream)
        yield from Workbook(limits).items(sheets)
        yield Facts(links=list(sheets.links))
    except _DAMAGE as error:
        raise Unreadable(ErrorCode.CORRUPT) from error


def _facts(source: Path) -> Facts | Notice:
    """Return what the container says of the workbook; damage there costs a warning, not the text."""
    try:
        with source.open("rb") as file, olefile.OleFileIO(file) as ole:
            return ole_facts(ole)
    except _DAMAGE:
        return Notice(Warn.METADATA_INCOMPLETE)


def _stream(content: bytes) -> bytes:
    """Take the workbook out of its container, by xlrd's reader, which bears more damage than olefile's."""
    container = xlrd.compdoc.CompDoc(content, logfile=io.StringIO(), ignore_workbook_corruption=True)
    for name in _STREAMS:
        memory, offset, length = container.locate_named_stream(name)
        if memory:
            return bytes(memory[offset : offset + length])
    raise Unreadable(ErrorCode.CORRUPT)


class _Sheets:
    """The sheets of a workbook, loaded one at a time; ``links`` gathers where they lead as they are."""

    def __init__(self, stream: bytes) -> None:
        self.links: dict[str, None] = {}
        self._drawn = biff_drawings(stream)
        self._book = xlrd.open_workbook(
            file_contents=stream, logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
        )
        if not self._drawn and not self._book.nsheets:  # every workbook has a sheet: this one was cut off
            raise Unreadable(ErrorCode.CORRUPT)
        own = {key: found.format_str for key, found in self._book.format_map.items()}
        self._codes = {**own, **{key: code for key, code in BUILT_IN.items() if key not in _NATIONAL}}

    def __iter__(self) -> Iterator[Sheet]:
        loadable = self._book.sheet_names()
        for name in dict.fromkeys([*self._drawn, *loadable]):
            drawn = self._drawn.get(name)
            hidden, lines = (drawn.hidden, drawn.lines) if drawn else (False, [])
            yield Sheet(name, self._rows(name) if name in loadable else (), lines, hidden)

    def _rows(self, name: str) -> Iterator[SheetRow]:
        try:
            sheet = self._book.sheet_by_name(name)
            self._add_links(sheet)
            yield from with_comments(self._cells(sheet), _comments(sheet))
        except _DAMAGE as error:
            raise Unreadable(ErrorCode.CORRUPT) from error
        finally:
            self._book.unload_sheet(name)

    def _add_links(self, sheet: Any) -> None:
        for link in sheet.hyperlink_list:
            if link.type == "url" and isinstance(link.url_or_path, str) and len(self.links) < _MOST_LINKS:
                self.links[link.url_or_path] = None

    def _cells(self, sheet: Any) -> Iterator[SheetRow]:
        for row in range(sheet.nrows):
            kinds, values = sheet.row_types(row), sheet.row_values(row)
            cells = {
                column + 1: text
                for column, (kind, value) in enumerate(zip(kinds, values, strict=True))
                if kind not in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}
                and (text := self._text(sheet, row, column, kind, value))
            }
            if cells:
                yield SheetRow(row + 1, cells, words=all(kinds[column - 1] == xlrd.XL_CELL_TEXT for column in cells))

    def _text(self, sheet: Any, row: int, column: int, kind: int, value: Any) -> str:
        if kind == xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if value else "FALSE"
        if kind == xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(value, "#ERROR"))
        style = self._book.xf_list[sheet.cell_xf_index(row, column)]
        cell_format = number_format(self._codes.get(style.format_key, "General"), date_1904=bool(self._book.datemode))
        return cell_format.text(value) if kind == xlrd.XL_CELL_TEXT else cell_format.number(value)


def _comments(sheet: Any) -> Comments:
    comments: dict[int, dict[int, str]] = {}
    for (row, column), note in sheet.cell_note_map.items():
        text = comment(note.author, note.text.removeprefix(f"{note.author}:"))
        comments.setdefault(row + 1, {})[column + 1] = text
    return comments
