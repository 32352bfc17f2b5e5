"""One small honest document per accepted ending, each of which says ``MARKER``."""

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import docx
import xlsxwriter

from services.gateway.files.types import FILE_TYPES, Family
from tests.support import documents, legacy_sheet_documents, odp_documents, sheet_documents, slide_documents
from tests.support.samples import pdf
from tests.support.scan_documents import saved, written
from tests.support.web_documents import epub, html, mail, rtf

MARKER = "Cormorant"
_SENTENCE = f"The {MARKER} contract runs until the end of the year."

_IMAGES: Mapping[str, str] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
_MAIN_PART_TYPES: Mapping[str, tuple[str, str]] = {
    ".docm": ("wordprocessingml.document.main+xml", "application/vnd.ms-word.document.macroEnabled.main+xml"),
    ".dotx": ("wordprocessingml.document.main+xml", "wordprocessingml.template.main+xml"),
    ".xlsm": ("spreadsheetml.sheet.main+xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    ".xltx": ("spreadsheetml.sheet.main+xml", "spreadsheetml.template.main+xml"),
    ".pptm": (
        "presentationml.presentation.main+xml",
        "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
    ),
    ".ppsx": ("presentationml.presentation.main+xml", "presentationml.slideshow.main+xml"),
    ".potx": ("presentationml.presentation.main+xml", "presentationml.template.main+xml"),
}
"""What the main part is called in a plain package, and in one of this ending."""
_OOXML = "application/vnd.openxmlformats-officedocument."


@cache
def sample(ending: str) -> bytes:
    """Make the document of this ending."""
    if ending in _IMAGES:
        return saved(written(_SENTENCE).convert("RGB"), _IMAGES[ending])
    if ending in _MAIN_PART_TYPES:
        return _renamed_main_part(sample(f"{ending[:-1]}x" if ending.endswith("m") else _PLAIN[ending]), ending)
    if ending in _MADE:
        return _MADE[ending]()
    if FILE_TYPES[ending].family is Family.TEXT:
        return _TEXTS.get(ending, _SENTENCE).encode()
    raise KeyError(ending)


_PLAIN: Mapping[str, str] = {".dotx": ".docx", ".xltx": ".xlsx", ".ppsx": ".pptx", ".potx": ".pptx"}
_TEXTS: Mapping[str, str] = {
    ".json": f'{{"text": "{_SENTENCE}"}}',
    ".jsonl": f'{{"text": "{_SENTENCE}"}}\n{{"text": "more"}}\n',
    ".csv": f"name,until\n{MARKER},2026\n",
    ".tsv": f"name\tuntil\n{MARKER}\t2026\n",
    ".xml": f"<?xml version='1.0'?><contract>{_SENTENCE}</contract>",
    ".svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text>{_SENTENCE}</text></svg>',
    **dict.fromkeys((".htm", ".html", ".xhtml"), html(f"<h1>Contract</h1><p>{_SENTENCE}</p>").decode()),
    ".eml": mail(_SENTENCE).as_string(),
}


def _word() -> bytes:
    document = docx.Document()
    document.add_paragraph(_SENTENCE)
    return documents.word(document)


def _workbook() -> bytes:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("Contracts").write("A1", MARKER)

    return sheet_documents.xlsx(fill)


def _legacy_workbook() -> bytes:
    sheet = legacy_sheet_documents.LegacySheet("Contracts", [legacy_sheet_documents.text(0, 0, MARKER)])
    return legacy_sheet_documents.ole({"Workbook": legacy_sheet_documents.biff([sheet])})


def _open_sheet() -> bytes:
    row = f"<table:table-row><table:table-cell><text:p>{MARKER}</text:p></table:table-cell></table:table-row>"
    return sheet_documents.ods(f'<table:table table:name="Contracts">{row}</table:table>')


def _open_slides() -> bytes:
    return odp_documents.odp(odp_documents.page(odp_documents.box(odp_documents.paragraph(_SENTENCE))))


def _by_libreoffice(ending: str, source: str) -> bytes:
    """Have LibreOffice save another sample in this format, as its users do."""
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder, f"sample{source}")
        original.write_bytes(sample(source))
        profile = f"-env:UserInstallation=file://{folder}/profile"
        target = ["--convert-to", ending.removeprefix("."), "--outdir", folder, str(original)]
        subprocess.run(["soffice", profile, "--headless", *target], check=True, capture_output=True, timeout=60)
        return Path(folder, f"sample{ending}").read_bytes()


def _renamed_main_part(package: bytes, ending: str) -> bytes:
    plain, other = _MAIN_PART_TYPES[ending]
    name = other if "/" in other else _OOXML + other
    types = documents.unzip(package)["[Content_Types].xml"].replace((_OOXML + plain).encode(), name.encode())
    return documents.replace_member(package, "[Content_Types].xml", types)


_MADE: Mapping[str, Callable[[], bytes]] = {
    ".pdf": lambda: pdf(_SENTENCE),
    ".docx": _word,
    ".xlsx": _workbook,
    ".pptx": lambda: slide_documents.titled_pptx(_SENTENCE),
    ".odt": lambda: _by_libreoffice(".odt", ".docx"),
    ".ods": _open_sheet,
    ".odp": _open_slides,
    ".epub": lambda: epub({"one.xhtml": html(f"<p>{_SENTENCE}</p>")}),
    ".doc": lambda: _by_libreoffice(".doc", ".docx"),
    ".xls": _legacy_workbook,
    ".ppt": lambda: _by_libreoffice(".ppt", ".pptx"),
    ".rtf": lambda: rtf(_SENTENCE),
}
