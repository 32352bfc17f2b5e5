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
    """One ending: the media types it stands for, the first being the one stored; whether and how text is extracted."""

    family: Family
    media_types: tuple[str, ...]
    extracted: bool
    how: str

    @property
    def media_type(self) -> str:
        """The media type stored for files of this ending."""
        return self.media_types[0]


_LATER = "stored with metadata and a link"
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_CODE = (
    ".c", ".cc", ".cfg", ".conf", ".cpp", ".cs", ".css", ".go", ".h", ".hpp", ".ini", ".java", ".js", ".jsx", ".kt",
    ".lua", ".php", ".pl", ".properties", ".py", ".r", ".rb", ".rs", ".rst", ".scala", ".sh", ".sql", ".swift", ".tex",
    ".toml", ".ts", ".tsx", ".vue",
)  # fmt: skip


def _text(*media_types: str, how: str = "read as it is", extracted: bool = True) -> FileType:
    return FileType(Family.TEXT, media_types, extracted, how)


def _stored(family: Family, *media_types: str) -> FileType:
    return FileType(family, media_types, extracted=False, how=_LATER)


FILE_TYPES: Mapping[str, FileType] = {
    ".pdf": FileType(Family.PDF, ("application/pdf",), extracted=True, how="text of each page"),
    ".docx": FileType(
        Family.OFFICE,
        (_OOXML + "wordprocessingml.document",),
        extracted=True,
        how="text, tables, notes and comments by heading",
    ),
    ".txt": _text("text/plain"),
    ".md": _text("text/markdown", "text/x-markdown"),
    ".markdown": _text("text/markdown", "text/x-markdown"),
    ".log": _text("text/plain"),
    ".json": _text("application/json", "text/json", how="pretty-printed when small"),
    ".jsonl": _text("application/x-ndjson", "application/jsonl"),
    ".csv": _text("text/csv", "application/csv", "application/vnd.ms-excel", how="Markdown tables"),
    ".tsv": _text("text/tab-separated-values", how="Markdown tables"),
    ".xml": _text("application/xml", "text/xml"),
    ".yaml": _text("application/yaml", "application/x-yaml", "text/yaml"),
    ".yml": _text("application/yaml", "application/x-yaml", "text/yaml"),
    **{ending: _text("text/plain") for ending in _CODE},
    ".htm": _text("text/html", "application/xhtml+xml", how=_LATER, extracted=False),
    ".html": _text("text/html", "application/xhtml+xml", how=_LATER, extracted=False),
    ".eml": _text("message/rfc822", how=_LATER, extracted=False),
    ".rtf": _stored(Family.LEGACY_OFFICE, "application/rtf", "text/rtf"),
    ".doc": _stored(Family.LEGACY_OFFICE, "application/msword"),
    ".xls": _stored(Family.LEGACY_OFFICE, "application/vnd.ms-excel"),
    ".ppt": _stored(Family.LEGACY_OFFICE, "application/vnd.ms-powerpoint"),
    ".xlsx": _stored(Family.OFFICE, _OOXML + "spreadsheetml.sheet"),
    ".pptx": _stored(Family.OFFICE, _OOXML + "presentationml.presentation"),
    ".odt": _stored(Family.OPEN_DOCUMENT, _ODF + "text"),
    ".ods": _stored(Family.OPEN_DOCUMENT, _ODF + "spreadsheet"),
    ".odp": _stored(Family.OPEN_DOCUMENT, _ODF + "presentation"),
    ".epub": _stored(Family.OPEN_DOCUMENT, "application/epub+zip"),
    ".png": _stored(Family.IMAGE, "image/png"),
    ".jpg": _stored(Family.IMAGE, "image/jpeg"),
    ".jpeg": _stored(Family.IMAGE, "image/jpeg"),
    ".gif": _stored(Family.IMAGE, "image/gif"),
    ".bmp": _stored(Family.IMAGE, "image/bmp", "image/x-ms-bmp"),
    ".webp": _stored(Family.IMAGE, "image/webp"),
    ".tif": _stored(Family.IMAGE, "image/tiff"),
    ".tiff": _stored(Family.IMAGE, "image/tiff"),
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
