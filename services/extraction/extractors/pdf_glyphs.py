"""Letters and digits that stand alone: the cells of many tables, the labels of axes.

pdfium neither ends the line nor leaves a space between two pieces of text of one glyph each, however far apart they
are: cells ``7`` and ``1`` become ``71``. Pages with such pieces are read glyph by glyph, which takes twice as long.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_MOST_OBJECTS = 20_000
_WIDEST = 1.3
"""Width to height of a piece that may be a single glyph."""
_LINE_STEP, _GAP = 0.6, 0.5
"""In heights of a glyph: from a line's middle to the next one's, more than to an exponent's; from one cell to another,
more than between letters."""
_REPLACEMENT = "\ufffd"
_LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def is_narrow(self) -> bool:
        return self.right - self.left <= _WIDEST * self.height


def has_scattered_glyphs(page: pdfium.PdfPage) -> bool:
    """Whether two pieces of text that follow each other may be one glyph each and stand apart."""
    before = None
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        item = pdfium_c.FPDFPage_GetObject(page, index)
        if pdfium_c.FPDFPageObj_GetType(item) == pdfium_c.FPDF_PAGEOBJ_TEXT:
            box = _object_box(item)
            if box.is_narrow and before and before.is_narrow and _separator(before, box):
                return True
            before = box
    return False


def spaced_text(text_page: pdfium.PdfTextPage, most: int) -> str:
    """Give at most so many characters of a page, with the spaces and line ends that pdfium forgets."""
    count = min(pdfium_c.FPDFText_CountChars(text_page), most)
    return "".join(_spaced(text_page, count))


def _spaced(text_page: pdfium.PdfTextPage, count: int) -> Iterator[str]:
    before = None
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(text_page, index)
        character = chr(code) if code <= _LAST_CHARACTER else _REPLACEMENT
        here = None if character.isspace() else _glyph_box(text_page, index)
        if before and here:
            yield _separator(before, here)
        yield character
        before = here


def _separator(before: _Box, here: _Box) -> str:
    """Say what belongs between two glyphs that have nothing between them."""
    height = max(before.height, here.height)
    if abs(here.top + here.bottom - before.top - before.bottom) > 2 * _LINE_STEP * height:
        return "\n"
    return " " if max(here.left - before.right, before.left - here.right) > _GAP * height else ""


def _object_box(item: object) -> _Box:
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium_c.FPDFPageObj_GetBounds(item, *edges)
    return _Box(*(edge.value for edge in edges))


def _glyph_box(text_page: pdfium.PdfTextPage, index: int) -> _Box | None:
    """Give the box of a glyph, as high as its font's line whatever its outline; None for what pdfium put in itself."""
    box = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFText_GetLooseCharBox(text_page, index, box):
        return None
    return _Box(box.left, box.bottom, box.right, box.top)
