"""Which files are accepted: one row per ending of a name, and what the first bytes may say about it.

The rule, the only one: **the name's last ending must be in the table, and the first bytes must not contradict it.**

* The ending names a *family* (PDF, Word, text, images, …). What libmagic makes of the first bytes must belong to the
  same family, or be nothing known: damaged content is extraction's to report. Anything else is refused with 415,
  programs (MZ, ELF, …) under every name.
* Text is whatever reads as text: a script named ``.txt`` is text. Only content with an unmistakable signature of
  another family is refused under a text name.
* Within images the content decides the stored media type, because a wrong ending is common there and harmless;
  everywhere else the ending does. The type a client declares is recorded and never believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from services.gateway.files.errors import UnsupportedFileType

HEAD_BYTES = 8192
"""How much of a file is looked at before anything of it is stored."""


class Family(StrEnum):
    """Formats that are mistaken for each other without harm."""

    PDF = auto()
    OFFICE = auto()
    OPEN_DOCUMENT = auto()
    LEGACY_OFFICE = auto()
    IMAGE = auto()
    TEXT = auto()


@dataclass(frozen=True)
class FileType:
    """One ending: the media types it stands for, the first being the one stored, and what extraction makes of it."""

    family: Family
    media_types: tuple[str, ...]
    how: str

    @property
    def media_type(self) -> str:
        """The media type stored for files of this ending."""
        return self.media_types[0]


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_WORD = "text, tables, notes and comments by heading"
_SHEETS = "Markdown tables of the sheets, numbers as shown"
_SLIDES = "text, tables, charts and notes of each slide"
_WEB = "headings, text, lists and tables by section"
_CODE = (
    ".c", ".cc", ".cfg", ".conf", ".cpp", ".cs", ".css", ".go", ".h", ".hpp", ".ini", ".java", ".js", ".jsx", ".kt",
    ".lua", ".php", ".pl", ".properties", ".py", ".r", ".rb", ".rs", ".rst", ".scala", ".sh", ".sql", ".srt", ".swift",
    ".tex", ".toml", ".ts", ".tsx", ".vtt", ".vue",
)  # fmt: skip


def _text(*media_types: str, how: str = "read as it is") -> FileType:
    return FileType(Family.TEXT, media_types, how)


def _office(media_type: str, how: str) -> FileType:
    return FileType(Family.OFFICE, (media_type,), how)


def _image(*media_types: str) -> FileType:
    return FileType(Family.IMAGE, media_types, "text found by OCR")


FILE_TYPES: Mapping[str, FileType] = {
    ".pdf": FileType(Family.PDF, ("application/pdf",), "text of each page, by OCR where a page has none"),
    ".docx": _office(_OOXML + "wordprocessingml.document", _WORD),
    ".docm": _office("application/vnd.ms-word.document.macroEnabled.12", _WORD),
    ".dotx": _office(_OOXML + "wordprocessingml.template", _WORD),
    ".xlsx": _office(_OOXML + "spreadsheetml.sheet", _SHEETS),
    ".xlsm": _office("application/vnd.ms-excel.sheet.macroEnabled.12", _SHEETS),
    ".xltx": _office(_OOXML + "spreadsheetml.template", _SHEETS),
    ".pptx": _office(_OOXML + "presentationml.presentation", _SLIDES),
    ".pptm": _office("application/vnd.ms-powerpoint.presentation.macroEnabled.12", _SLIDES),
    ".ppsx": _office(_OOXML + "presentationml.slideshow", _SLIDES),
    ".potx": _office(_OOXML + "presentationml.template", _SLIDES),
    ".odt": FileType(Family.OPEN_DOCUMENT, (_ODF + "text",), _WORD),
    ".ods": FileType(Family.OPEN_DOCUMENT, (_ODF + "spreadsheet",), _SHEETS),
    ".odp": FileType(Family.OPEN_DOCUMENT, (_ODF + "presentation",), _SLIDES),
    ".epub": FileType(Family.OPEN_DOCUMENT, ("application/epub+zip",), "text of each chapter"),
    ".doc": FileType(Family.LEGACY_OFFICE, ("application/msword",), "text of each page, by LibreOffice"),
    ".xls": FileType(Family.LEGACY_OFFICE, ("application/vnd.ms-excel",), _SHEETS),
    ".ppt": FileType(Family.LEGACY_OFFICE, ("application/vnd.ms-powerpoint",), "text of each slide, by LibreOffice"),
    ".rtf": FileType(Family.LEGACY_OFFICE, ("application/rtf", "text/rtf"), "text, tables and notes by section"),
    ".txt": _text("text/plain"),
    ".md": _text("text/markdown", "text/x-markdown", how="by heading"),
    ".markdown": _text("text/markdown", "text/x-markdown", how="by heading"),
    ".log": _text("text/plain"),
    ".json": _text("application/json", "text/json", how="pretty-printed when small"),
    ".jsonl": _text("application/x-ndjson", "application/jsonl"),
    ".csv": _text("text/csv", "application/csv", "application/vnd.ms-excel", how="Markdown tables"),
    ".tsv": _text("text/tab-separated-values", how="Markdown tables"),
    ".xml": _text("application/xml", "text/xml"),
    ".svg": _text("image/svg+xml"),
    ".yaml": _text("application/yaml", "application/x-yaml", "text/yaml"),
    ".yml": _text("application/yaml", "application/x-yaml", "text/yaml"),
    **{ending: _text("text/plain") for ending in _CODE},
    ".htm": _text("text/html", how=_WEB),
    ".html": _text("text/html", how=_WEB),
    ".xhtml": _text("application/xhtml+xml", how=_WEB),
    ".eml": _text("message/rfc822", how="headers and body, attachments listed"),
    ".png": _image("image/png"),
    ".jpg": _image("image/jpeg"),
    ".jpeg": _image("image/jpeg"),
    ".gif": _image("image/gif"),
    ".bmp": _image("image/bmp", "image/x-ms-bmp"),
    ".webp": _image("image/webp"),
    ".tif": _image("image/tiff"),
    ".tiff": _image("image/tiff"),
}
"""Every accepted ending: those of both seeds' tables and what ``extraction.md`` adds to them."""


def ending_of(filename: str) -> str:
    """Return the last ending of a name with its dot, in lower case, or ``""``: ``a.pdf.EXE`` gives ``.exe``."""
    stem, dot, ending = filename.rpartition(".")
    return f".{ending.lower()}" if dot and stem and ending else ""


def type_by_name(filename: str) -> FileType:
    """Look a name up in the table. Raises ``UnsupportedFileType``, naming the ending and those accepted."""
    ending = ending_of(filename)
    found = FILE_TYPES.get(ending)
    if found is None:
        what = f"Files named {ending[:32]}" if ending else "Files without an ending to their name"
        raise refusal(f"{what} are not accepted.", found=ending[:32] or None)
    return found


def refusal(detail: str, *, found: str | None) -> UnsupportedFileType:
    """Make the error that names the type found and the endings accepted."""
    return UnsupportedFileType(detail, found=found, accepted=sorted(FILE_TYPES))
