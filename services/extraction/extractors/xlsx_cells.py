"""Cells of Excel sheets: shared strings, styles and rows (ECMA-376 part 1, §18.3, §18.4, §18.8)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.extraction.extractors.cell_addresses import column_number
from services.extraction.extractors.number_formats import BUILT_IN, NumberFormat, general, number_format
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.sheet_pages import SheetRow
from services.extraction.extractors.shifted_text import shifted
from services.extraction.extractors.xml_parts import local_name

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HYPERLINK = re.compile(r'HYPERLINK\("([^"#][^"]*)"')
_DIGITS = "0123456789"
_EXACT_DIGITS = 15
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no time zones
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_TEXT_KINDS = frozenset({"s", "str", "inlineStr"})


def shared_strings(package: Package, workbook: str) -> list[str]:
    """Read the table of texts that cells refer to by position."""
    parts = package.related(workbook, "sharedStrings")[:1]
    return [rich_text(item) for part in parts for item in package.iterate(part, "si")]


def rich_text(element: Any) -> str:
    """Join the runs of a text; phonetic hints over East Asian text are left out."""
    pieces: list[str] = []
    for child in element:
        name = local_name(child)
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            position = _position(child)
            pieces += [shifted(part.text or "", position) for part in child if local_name(part) == "t"]
    return unescape("".join(pieces))


def _position(run: Any) -> str:
    found = run.find("{*}rPr/{*}vertAlign")
    return found.get("val", "") if found is not None else ""


def unescape(text: str) -> str:
    """Resolve ``_x000D_``, the way of writing characters that XML forbids (§22.9.2.19, ST_Xstring)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def cell_formats(package: Package, workbook: str, *, date_1904: bool) -> list[NumberFormat | None]:
    """Return the number format of every cell style by its position; None stands for ``General``."""
    codes = dict(BUILT_IN)
    formats: list[NumberFormat | None] = []
    for part in package.related(workbook, "styles")[:1]:
        for element in package.iterate(part, "numFmt", "cellXfs"):
            if local_name(element) == "numFmt":
                codes[int(element.get("numFmtId", 0))] = unescape(element.get("formatCode", ""))
            else:
                formats += [_format(codes.get(int(style.get("numFmtId", 0))), date_1904) for style in element]
    return formats


def _format(code: str | None, date_1904: bool) -> NumberFormat | None:
    return number_format(code, date_1904=date_1904) if code and code.lower() != "general" else None


class CellReader:
    """Reads rows with the workbook's strings and formats at hand."""

    def __init__(self, strings: Sequence[str], formats: Sequence[NumberFormat | None], *, date_1904: bool) -> None:
        self._strings = strings
        self._formats = formats
        self.links: list[str] = []
        """Where formulas lead that were met so far."""
        self.misses_strings = False
        """Whether a cell referred to a text that the workbook does not hold."""
        self._epoch = _EPOCH_1904 if date_1904 else _EPOCH
        self._kinds: Mapping[str, Callable[[str, NumberFormat | None], str]] = {
            "n": self._number,
            "s": self._shared,
            "d": self._date,
            "b": lambda value, _: "FALSE" if value in {"0", "false"} else "TRUE",
        }

    def rows(self, package: Package, part: str) -> Iterator[SheetRow]:
        """Give the rows that hold something, as they are read; rows and cells without a number follow the last."""
        number = 0
        for row in package.iterate(part, "row", "sheetData"):
            if local_name(row) == "sheetData":
                return  # merged ranges, links and rules follow, of which a reader sees nothing
            number = int(row.get("r") or number + 1)
            cells: dict[int, str] = {}
            column, words = 0, True
            for cell in row.iterchildren("{*}c"):
                reference = cell.get("r")
                column = column_number(reference.rstrip(_DIGITS)) if reference else column + 1
                if len(cell) and (text := self._text(cell)):
                    cells[column] = text
                    words &= cell.get("t") in _TEXT_KINDS
            if cells:
                yield SheetRow(number, cells, words)

    def _text(self, cell: Any) -> str:
        """Return what a cell shows; a formula that was never computed shows itself."""
        value = formula = None
        for part in cell:
            name = local_name(part)
            if name == "v":
                value = part.text
            elif name == "f":
                formula = part.text
                self.links += _HYPERLINK.findall(formula or "")
            elif name == "is":
                return rich_text(part)
        kind = cell.get("t", "n")
        if not value:
            return f"={formula}" if formula and kind != "str" else ""
        show = self._kinds.get(kind)
        return show(value, self._format(cell.get("s"))) if show else unescape(value)

    def _shared(self, value: str, cell_format: NumberFormat | None) -> str:
        position = int(value)
        known = 0 <= position < len(self._strings)
        self.misses_strings |= not known
        text = self._strings[position] if known else ""
        return cell_format.text(text) if cell_format else text

    def _format(self, style: str | None) -> NumberFormat | None:
        position = int(style) if style else 0
        return self._formats[position] if 0 <= position < len(self._formats) else None

    def _number(self, value: str, cell_format: NumberFormat | None) -> str:
        if cell_format is None and value.isdecimal() and len(value) <= _EXACT_DIGITS:
            return value
        return cell_format.number(float(value)) if cell_format else general(float(value))

    def _date(self, value: str, cell_format: NumberFormat | None) -> str:
        """Show a date that is written as one (ISO 8601, in strict workbooks) by its cell's format."""
        try:
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return value
        return cell_format.number((moment - self._epoch) / timedelta(days=1)) if cell_format else value
