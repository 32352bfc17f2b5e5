"""Which document a ZIP holds: Office Open XML, OpenDocument and EPUB each say so in a member of their own."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from services.extraction.archives import open_archive
from services.extraction.media_types import EPUB, EXCEL, POWERPOINT, WORD

ZIP = "application/zip"
_CONTENT_TYPES = "[Content_Types].xml"
_DECLARED_BYTES = 1 << 20
_MAIN_PART_FAMILIES: Mapping[str, str] = {
    "wordprocessingml.": WORD,
    "vnd.ms-word.": WORD,
    "spreadsheetml.": EXCEL,
    "vnd.ms-excel.": EXCEL,
    "presentationml.": POWERPOINT,
    "vnd.ms-powerpoint.": POWERPOINT,
}
"""Main parts are ``…<family>….main+xml`` (ECMA-376 part 1 §15.2); the others are those with macros (MS-OFFMACRO2)."""

_MAIN_PART = "main+xml"
_FOLDERS: Mapping[str, str] = {"word/": WORD, "xl/": EXCEL, "ppt/": POWERPOINT}
_ODF_KINDS = "text text-master text-web spreadsheet presentation graphics chart formula image base"
_SELF_DECLARED = frozenset({EPUB, *(f"application/vnd.oasis.opendocument.{kind}" for kind in _ODF_KINDS.split())})
"""What ``mimetype`` may name: its word for anything else, an image say, would lead past the checks of archives."""

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def package_type(source: Path) -> str:
    """Name the media type of a ZIP: templates and documents with macros count as their plain kind.

    Raises ``Unreadable`` for one whose directory cannot be read.
    """
    with open_archive(source) as archive:
        names = archive.namelist()
        if _CONTENT_TYPES in names:
            return _main_part_type(_read(archive, _CONTENT_TYPES)) or _folder_type(names)
        if "mimetype" in names:  # OpenDocument 1.3 part 2 §3.3, EPUB OCF §4.3
            declared = _read(archive, "mimetype").decode("ascii", "replace").strip().removesuffix("-template")
            return declared if declared in _SELF_DECLARED else ZIP
    return ZIP


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_DECLARED_BYTES)


def _main_part_type(content_types: bytes) -> str | None:
    try:
        declared = [str(element.get("ContentType")) for element in etree.fromstring(content_types, _PARSER)]
    except etree.XMLSyntaxError:
        return None
    main_parts = [content_type for content_type in declared if content_type.endswith(_MAIN_PART)]
    return next((kind for part in main_parts for family, kind in _MAIN_PART_FAMILIES.items() if family in part), None)


def _folder_type(names: list[str]) -> str:
    """Guess from the customary folders what a damaged list of content types does not say."""
    return next((kind for folder, kind in _FOLDERS.items() if any(name.startswith(folder) for name in names)), ZIP)
