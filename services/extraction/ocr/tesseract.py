"""Tesseract's library: where its languages are, one engine per language, and what it says of a picture's lines."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image

os.environ["OMP_THREAD_LIMIT"] = "1"  # read once, when the library loads; two threads take more time than one

import tesserocr

_FOLDERS = Path("/usr/share/tesseract-ocr")
_RESOLUTION = 250
"""Dots per inch told to Tesseract, about what ``pictures`` brings everything to; it uses them for margins only."""
_PAGE_MILLISECONDS = 60_000
"""A picture made to be hard costs its own page, not the document."""
_ENGINES = 12
"""Languages open at once; each takes some 6 MB, and a tenth of a second to open."""
_COLUMN_GAP = 1.5
"""A space wider than this, in heights of its line, parts columns of a table."""
_UNSPACED = ("chi_", "jpn")
"""Languages written without spaces between words."""

Box = tuple[int, int, int, int]
"""Left, upper, right and lower edge in pixels."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; ``confidence`` is its words' mean weighted by length, 0 to 100."""

    text: str
    confidence: float
    box: Box
    begins_paragraph: bool


@dataclass(frozen=True, slots=True)
class Orientation:
    """How far to turn a picture (degrees anticlockwise) until it stands upright, and its script, with certainty."""

    turn: int
    turn_certainty: float
    script: str
    script_certainty: float


@cache
def data_folder() -> Path:
    """Find the folder of ``*.traineddata``, Debian's newest; raises ``FileNotFoundError`` without one."""
    for folder in sorted(_FOLDERS.glob("*/tessdata"), reverse=True):
        return folder
    raise FileNotFoundError(_FOLDERS)


@cache
def installed_languages() -> frozenset[str]:
    """Name the languages that can be opened, as Tesseract does (``eng``, ``chi_sim``)."""
    return frozenset(path.stem for path in data_folder().glob("*.traineddata")) - {"osd"}


def read_lines(picture: Image.Image, language: str, *, single: bool = False) -> list[Line]:
    """Recognise a grey picture in a language, or several (``rus+eng``); lines come in reading order.

    ``single`` says that the picture is a single line, cut out with little around it.
    """
    engine = _engine(language)
    engine.SetPageSegMode(tesserocr.PSM.SINGLE_LINE if single else tesserocr.PSM.AUTO)
    engine.SetImage(picture)
    engine.SetSourceResolution(_RESOLUTION)
    engine.Recognize(_PAGE_MILLISECONDS)
    lines = engine.GetIterator()
    space = "" if language.startswith(_UNSPACED) else " "
    return list(_lines(lines, space)) if lines else []


def find_orientation(picture: Image.Image) -> Orientation | None:
    """Tell how the characters stand and of which script they are; None when there are too few to tell."""
    engine = _engine("osd")
    engine.SetPageSegMode(tesserocr.PSM.OSD_ONLY)
    engine.SetImage(picture)
    engine.SetSourceResolution(_RESOLUTION)
    found = engine.DetectOrientationScript()
    if not found:
        return None
    return Orientation(found["orient_deg"], found["orient_conf"], found["script_name"], found["script_conf"])


@lru_cache(_ENGINES)
def _engine(language: str) -> tesserocr.PyTessBaseAPI:
    return tesserocr.PyTessBaseAPI(path=f"{data_folder()}/", lang=language)


def _lines(words: tesserocr.PyResultIterator, space: str) -> Iterator[Line]:
    """Put words together to lines; Tesseract's own line text does not tell a gap from a space."""
    level = tesserocr.RIL
    if words.Empty(level.WORD):
        return
    text, weight, letters, right, paragraph = "", 0.0, 0, 0, True
    while True:
        word = words.GetUTF8Text(level.WORD).strip()
        left, _, end, _ = words.BoundingBox(level.WORD)
        line = words.BoundingBox(level.TEXTLINE)
        if words.IsAtBeginningOf(level.TEXTLINE):
            text, weight, letters, paragraph = "", 0.0, 0, words.IsAtBeginningOf(level.PARA)
        elif word:
            text += "\t" if left - right > _COLUMN_GAP * (line[3] - line[1]) else space
        text, weight, letters = text + word, weight + words.Confidence(level.WORD) * len(word), letters + len(word)
        right = end
        if words.IsAtFinalElement(level.TEXTLINE, level.WORD) and letters:
            yield Line(text, weight / letters, line, paragraph)
        if not words.Next(level.WORD):
            return
