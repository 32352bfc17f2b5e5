"""OpenDocument spreadsheets (.ods): ``content.xml`` as it streams by (ODF 1.3 part 3, §9).

The format stores what every cell shows, so that nothing is rendered here.
"""

import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from services.extraction.content import Facts, Heavy, Items, Limits
from services.extraction.extractors.odf_package import CONTENT, package_facts, refuse_encrypted
from services.extraction.extractors.ods_rows import ContentReader, Table
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.sheets import Sheet, Workbook, facts_of
from services.extraction.extractors.xml_parts import damage_is_corrupt
from services.extraction.media_types import ODF_SPREADSHEET

_HEAVY_BYTES = 20_000_000
"""Unpacked content from which reading takes a good part of a short document's time."""


@extracts(ODF_SPREADSHEET)
def extract_ods(source: Path, limits: Limits) -> Items:
    """One page per block of rows of each sheet, in the document's order, then what is drawn on the sheet."""
    with damage_is_corrupt(), source.open("rb") as file, zipfile.ZipFile(file) as archive:
        refuse_encrypted(archive)
        yield facts_of(lambda: package_facts(archive))
        yield Facts(attachments=_embedded(archive.namelist()))
        if archive.getinfo(CONTENT).file_size > _HEAVY_BYTES:
            yield Heavy()
        reader = ContentReader(archive)
        yield from Workbook(limits).items(_sheets(reader))
        yield Facts(links=list(reader.links))


def _sheets(reader: ContentReader) -> Iterator[Sheet]:
    """Group the rows by their table; a table's drawings are known once its rows have been read."""

    def table_of(found: tuple[Table, object]) -> Table:
        return found[0]

    for table, rows in groupby(reader.rows(), key=table_of):
        yield Sheet(table.name, (row for _, row in rows if row), table.drawings, table.hidden)


def _embedded(names: list[str]) -> list[str]:
    """Name the embedded objects of other programs: files at the package's top that are not its own XML."""
    return [name for name in names if "/" not in name and not name.endswith((".xml", ".rdf")) and name != "mimetype"]
