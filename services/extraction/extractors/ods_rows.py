"""The rows of an OpenDocument spreadsheet, as ``content.xml`` gives them (ODF 1.3 part 3, §9.1 and §19).

Rows and cells may say that they are repeated, up to a whole sheet: empty ones only count, others are repeated as far as
they are asked for.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.extraction.extractors.odf_package import CONTENT
from services.extraction.extractors.sheet_pages import SheetRow
from services.extraction.extractors.sheets import comment
from services.extraction.extractors.xml_parts import iterate_part, local_name, parse_part, whole_number

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE = f"{{{_URN}table:1.0}}"
_OFFICE = f"{{{_URN}office:1.0}}"
_STYLE = f"{{{_URN}style:1.0}}"
_TEXT = f"{{{_URN}text:1.0}}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_MOST_COLUMNS = 16_384
"""What spreadsheet programs know; repetitions beyond are damage or an attack."""
_MOST_SPACES = 1_000
_MOST_LINKS = 1_000
_CELLS = frozenset({"table-cell", "covered-table-cell"})
_NOT_IN_LINE = frozenset({"annotation", "annotation-end", "frame", "custom-shape", "g", "note"})
_VALUES = ("value", "date-value", "time-value", "string-value", "boolean-value")
_SPECIAL = {"tab": "\t", "line-break": "\n"}


@dataclass(eq=False)
class Table:
    """A sheet's name, and the lines drawn on it as far as they were met."""

    name: str
    hidden: bool
    drawings: list[str] = field(default_factory=list)


class ContentReader:
    """Reads a package's content; ``links`` gathers the targets it meets, in their order."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._hidden_styles: set[str] = set()
        self.links: dict[str, None] = {}

    def rows(self) -> Iterator[tuple[Table, SheetRow | None]]:
        """Give every row that holds something with its table; None for a table that only drawings may be on."""
        table: Table | None = None
        number = 0
        with self._archive.open(CONTENT) as stream:
            for element in iterate_part(stream, "style", "shapes", "table-row", "table"):
                name = local_name(element)
                if name == "style":
                    self._remember_style(element)
                    continue
                if name != "table" and table is None:
                    table, number = self._table(element), 0
                if table is None:
                    continue
                if name == "table-row":
                    for row in self._row(element, number, table):
                        yield table, row
                    number += _repeated(element, "number-rows-repeated")
                elif name == "shapes":
                    table.drawings += self._drawn(element)
                elif next(element.iterancestors(f"{_TABLE}table"), None) is None:
                    yield table, None
                    table = None

    def _remember_style(self, style: Any) -> None:
        if any(properties.get(f"{_TABLE}display") == "false" for properties in style):
            self._hidden_styles.add(style.get(f"{_STYLE}name", ""))

    def _table(self, inside: Any) -> Table:
        *_, outermost = inside.iterancestors(f"{_TABLE}table")
        hidden = outermost.get(f"{_TABLE}style-name") in self._hidden_styles
        return Table(outermost.get(f"{_TABLE}name", ""), hidden)

    def _row(self, element: Any, number: int, table: Table) -> Iterator[SheetRow]:
        cells: dict[int, str] = {}
        column, words = 0, True
        for cell in element:
            if local_name(cell) not in _CELLS:
                continue
            repeated = _repeated(cell, "number-columns-repeated")
            if len(cell) or cell.get(f"{_OFFICE}value-type"):
                text = self._cell(cell)
                table.drawings += self._drawn(cell)
                words &= not text or cell.get(f"{_OFFICE}value-type", "string") == "string"
                last = min(column + repeated, _MOST_COLUMNS)
                cells.update(dict.fromkeys(range(column + 1, last + 1), text) if text else {})
            column += repeated
        if cells:
            for repetition in range(_repeated(element, "number-rows-repeated")):
                yield SheetRow(number + repetition + 1, cells, words)

    def _cell(self, cell: Any) -> str:
        """Return what a cell shows, its value where its writer left that out, and the comments on it."""
        shown = "\n".join(self._inline(part) for part in cell if local_name(part) in {"p", "h"})
        if not shown:
            values = (cell.get(f"{_OFFICE}{name}") for name in _VALUES)
            shown = next(filter(None, values), "")
        comments = [self._comment(part) for part in cell if local_name(part) == "annotation"]
        return " ".join(filter(None, [shown, *comments]))

    def _comment(self, annotation: Any) -> str:
        author = next((part.text or "" for part in annotation if local_name(part) == "creator"), "")
        return comment(author, " ".join(self._inline(part) for part in annotation.iter(f"{_TEXT}p")))

    def _inline(self, element: Any) -> str:
        """Return the text of a paragraph without what only hangs on it."""
        pieces = [element.text or ""]
        for child in element:
            name = local_name(child)
            if name == "s":
                pieces.append(" " * whole_number(child.get(f"{_TEXT}c", ""), 1, _MOST_SPACES))
            elif name not in _NOT_IN_LINE:
                pieces.append(_SPECIAL.get(name) or self._inline(child))
            if name == "a" and (link := child.get(_LINK)) and len(self.links) < _MOST_LINKS:
                self.links[link] = None
            pieces.append(child.tail or "")
        return "".join(pieces)

    def _drawn(self, element: Any) -> list[str]:
        """Return the text of the shapes, frames and charts that hang on an element."""
        lines: list[str] = []
        for child in element:
            name = local_name(child)
            if name in {"frame", "custom-shape", "g", "rect", "ellipse", "line", "control", "text-box"}:
                lines += self._shape(child)
        return lines

    def _shape(self, shape: Any) -> Iterator[str]:
        for part in shape.iter():
            name = local_name(part)
            if name == "p":
                yield from filter(None, [self._inline(part).strip()])
            elif name == "object" and (chart := part.get(_LINK)):
                yield from self._object(posixpath.normpath(chart))

    def _object(self, folder: str) -> Iterator[str]:
        """Give the words of an embedded chart, which is a document of its own: title, axes, series, categories."""
        member = f"{folder}/content.xml"
        if member not in self._archive.namelist():
            return
        with self._archive.open(member) as stream:
            root = parse_part(stream)
        words = (part for part in root.iter(f"{_TEXT}p") if part.getparent().get(f"{_OFFICE}value-type") != "float")
        texts = [self._inline(part).strip() for part in words]
        if texts := list(dict.fromkeys(filter(None, texts))):
            yield f"Chart: {', '.join(texts)}"


def _repeated(element: Any, attribute: str) -> int:
    return whole_number(element.get(f"{_TABLE}{attribute}", ""), 1, least=1)
