"""OpenDocument spreadsheets (.ods): ``content.xml`` as it streams by (ODF 1.3 part 3, §9).

The format stores what every cell shows, so that nothing is rendered here.
"""

import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from services.extraction.content import ErrorCode, Facts, Heavy, Items, Limits, Unreadable
from services.extraction.extractors.ods_rows import ContentReader, Table
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.sheets import Sheet, Workbook
from services.extraction.extractors.xml_parts import damage_is_corrupt, local_name, moment, parse_part
from services.extraction.media_types import ODF_SPREADSHEET

_CONTENT = "content.xml"
_HEAVY_BYTES = 60_000_000
"""Unpacked content from which reading takes a good part of a short document's time."""
_MACROS = ("Basic/", "Scripts/")
_FACTS = {"title": "title", "creator": "author", "initial-creator": "author", "language": "language"}


@extracts(ODF_SPREADSHEET)
def extract_ods(source: Path, limits: Limits) -> Items:
    """One page per block of rows of each sheet, in the document's order, then what is drawn on the sheet."""
    with damage_is_corrupt(), source.open("rb") as file, zipfile.ZipFile(file) as archive:
        _refuse_encrypted(archive)
        yield _facts(archive)
        if archive.getinfo(_CONTENT).file_size > _HEAVY_BYTES:
            yield Heavy()
        reader = ContentReader(archive)
        yield from Workbook(limits).items(_sheets(reader))
        yield Facts(links=reader.links)


def _sheets(reader: ContentReader) -> Iterator[Sheet]:
    """Group the rows by their table; a table's drawings are known once its rows have been read."""

    def table_of(found: tuple[Table, object]) -> Table:
        return found[0]

    for table, rows in groupby(reader.rows(), key=table_of):
        yield Sheet(table.name, (row for _, row in rows if row), table.drawings, table.hidden)


def _refuse_encrypted(archive: zipfile.ZipFile) -> None:
    """Refuse a package whose manifest says that parts are encrypted (ODF 1.3 part 2, §4.8)."""
    with archive.open("META-INF/manifest.xml") as stream:
        if any(local_name(element) == "encryption-data" for element in parse_part(stream).iter()):
            raise Unreadable(ErrorCode.ENCRYPTED)


def _facts(archive: zipfile.ZipFile) -> Facts:
    names = archive.namelist()
    values: dict[str, Any] = {}
    if "meta.xml" in names:
        with archive.open("meta.xml") as stream:
            for element in parse_part(stream).iter():
                name, text = local_name(element), (element.text or "").strip()
                if name in _FACTS and text:
                    values.setdefault(_FACTS[name], text)
                elif name == "creation-date":
                    values["created_at"] = moment(text)
    return Facts(
        **values,
        attachments=_embedded(names),
        macros=any(name.startswith(_MACROS) for name in names),
        signed="META-INF/documentsignatures.xml" in names,
    )


def _embedded(names: list[str]) -> list[str]:
    """Name the embedded objects of other programs: files at the package's top that are not its own XML."""
    return [name for name in names if "/" not in name and not name.endswith((".xml", ".rdf")) and name != "mimetype"]
