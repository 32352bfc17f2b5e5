"""Excel workbooks (.xlsx and its kin): our own streaming reader, because no library gives what a reader sees.

calamine and openpyxl give values without their formats, and no library gives comments, text boxes and charts. Rows are
read as the ZIP unpacks, in constant memory; only shared strings are held.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from services.extraction.content import ErrorCode, Facts, Heavy, Items, Limits, Notice, Unreadable, Warn
from services.extraction.extractors.drawing_ml import drawing_lines, vml_lines
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.sheet_pages import SheetRow
from services.extraction.extractors.sheets import Comments, Sheet, Workbook, facts_of, with_comments
from services.extraction.extractors.xlsx_cells import CellReader, cell_formats, shared_strings
from services.extraction.extractors.xlsx_comments import people, sheet_comments
from services.extraction.extractors.xml_parts import attribute, damage_is_corrupt
from services.extraction.media_types import EXCEL

_HEAVY_BYTES = 20_000_000
"""Unpacked sheets and strings from which reading takes three seconds of a processor, on a busy machine many more."""
_BINARY = ".bin"


@extracts(EXCEL)
def extract_xlsx(source: Path, limits: Limits) -> Items:
    """One page per block of rows of each sheet, in the workbook's order, then what is drawn on the sheet."""
    with damage_is_corrupt(), source.open("rb") as file, zipfile.ZipFile(file) as archive:
        yield from _read(Package(archive), limits)


def _read(package: Package, limits: Limits) -> Items:
    workbook = next(iter(package.related("", "officeDocument")), "xl/workbook.xml")
    if workbook.endswith(_BINARY):  # .xlsb, whose parts are records rather than XML
        raise Unreadable(ErrorCode.UNSUPPORTED_TYPE)
    sheets = package.relationships(workbook)
    yield facts_of(package.facts)
    links = _links(package, [found.target for found in sheets if not found.external])
    yield Facts(links=links)
    strings = package.related(workbook, "sharedStrings")
    if sum(map(package.size, {*strings, *(found.target for found in sheets)})) > _HEAVY_BYTES:
        yield Heavy()
    reader = _Sheets(package, workbook)
    yield from Workbook(limits).items(reader)
    if reader.misses_strings:
        yield Notice(Warn.PARTIAL)
    yield Facts(links=list(dict.fromkeys([*links, *reader.links])))


class _Sheets:
    """The sheets of a workbook, read one after the other."""

    def __init__(self, package: Package, workbook: str) -> None:
        self._package = package
        self._root = package.parse(workbook)
        properties = self._root.find("{*}workbookPr")
        date_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        self._targets = {found.id: found.target for found in package.relationships(workbook) if not found.external}
        self._people = people(package, workbook)
        formats = cell_formats(package, workbook, date_1904=date_1904)
        self._reader = CellReader(shared_strings(package, workbook), formats, date_1904=date_1904)

    @property
    def misses_strings(self) -> bool:
        """Whether cells referred to texts that the workbook does not hold."""
        return self._reader.misses_strings

    @property
    def links(self) -> list[str]:
        """Where formulas lead, as far as the sheets were read."""
        return self._reader.links

    def __iter__(self) -> Iterator[Sheet]:
        for sheet in self._root.iterfind("{*}sheets/{*}sheet"):
            part = self._targets.get(attribute(sheet, "id"), "")
            hidden = sheet.get("state", "visible") != "visible"
            yield Sheet(sheet.get("name", ""), self._rows(part), self._drawings(part), hidden)

    def _rows(self, part: str) -> Iterator[SheetRow]:
        """Give the rows with their comments; damaged comments are reported after the rows, which they must not cost."""
        comments: Comments = {}
        damage: Unreadable | None = None
        try:
            with damage_is_corrupt():
                comments = sheet_comments(self._package, part, self._people)
        except Unreadable as error:
            damage = error
        with damage_is_corrupt():
            yield from with_comments(self._reader.rows(self._package, part), comments)
        if damage:
            raise damage

    def _drawings(self, part: str) -> Iterator[str]:
        with damage_is_corrupt():
            drawings = self._package.related(part, "drawing")
            for drawing in drawings:
                yield from drawing_lines(self._package, drawing)
            for drawing in [] if drawings else self._package.related(part, "vmlDrawing"):  # else only copies
                yield from vml_lines(self._package, drawing)


def _links(package: Package, sheets: list[str]) -> list[str]:
    """Return where the sheets' links lead, each once."""
    found = (link for sheet in sheets for link in package.relationships(sheet))
    return list(dict.fromkeys(link.target for link in found if link.kind == "hyperlink" and link.external))
