"""The text of a page in the order it is read, whichever way the page is turned.

pdfium puts lines in order and ends them only where they run across the page as stored: it reads turned pages bottom-up,
and joins words of lines that run along the page's other side (a landscape table, as LaTeX sets it).
"""

import ctypes
import math
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from services.extraction.extractors.pdf_glyphs import has_scattered_glyphs, spaced_text

_SAMPLED_GLYPHS = 48
"""Asked for their font and angle, spread over the page."""
_MOST_TEXT_OBJECTS = 200_000
"""On one page; as many words fill five hundred pages of a book."""
_EVERYWHERE = 1e6
"""Points; more than a page may measure."""
_UPRIGHT_WITHIN = math.radians(30)
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SAMPLED_CHARACTERS = 500
_COLUMNS_TO_LINES = math.radians(270)
"""Turns columns that are read from right to left into lines that are read from top to bottom."""


def is_flooded(page: pdfium.PdfPage) -> bool:
    """Whether a page shows more pieces of text than would fit in memory as glyphs (220 bytes each, ten a piece).

    A bomb in a page's compressed content cannot be told before pdfium has unpacked it: that one ends the process.
    """
    count: int = pdfium_c.FPDFPage_CountObjects(page)
    if count <= _MOST_TEXT_OBJECTS:
        return False
    objects = (pdfium_c.FPDFPage_GetObject(page, index) for index in range(count))
    pieces: int = sum(pdfium_c.FPDFPageObj_GetType(item) == pdfium_c.FPDF_PAGEOBJ_TEXT for item in objects)
    return pieces > _MOST_TEXT_OBJECTS


@contextmanager
def open_text(page: pdfium.PdfPage) -> Iterator[pdfium.PdfTextPage]:
    """Load a page's text as if the page were not turned; what is drawn of it stays as it was."""
    rotation = page.get_rotation()
    if rotation:
        page.set_rotation(0)
    try:
        text_page = page.get_textpage()
    finally:
        if rotation:
            page.set_rotation(rotation)
    with closing(text_page):
        yield text_page


def text_of(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, index: int, most: int) -> str:
    """Give at most so many characters of a page, lines ended by line feeds; text that does not run across is turned."""
    text: str = text_page.get_text_bounded()
    angle = _sideways_angle(text_page)
    if angle is None and _EAST_ASIAN.search(text, 0, _SAMPLED_CHARACTERS) and _runs_down(text_page):
        angle = _COLUMNS_TO_LINES
    if angle is not None:
        text = _turned_text(page, index, angle)
    elif has_scattered_glyphs(page):
        text = spaced_text(text_page, most)
    return text.replace("\r\n", "\n").strip("\n")[:most]


def unmapped_share(text_page: pdfium.PdfTextPage) -> float:
    """Estimate the share of glyphs for which the font names no character, so that pdfium had to guess."""
    sample = _sample(text_page)
    errors = sum(pdfium_c.FPDFText_HasUnicodeMapError(text_page, glyph) == 1 for glyph in sample)
    return errors / len(sample) if sample else 0.0


def _sample(text_page: pdfium.PdfTextPage) -> range:
    count = max(0, pdfium_c.FPDFText_CountChars(text_page))
    return range(0, count, max(1, count // _SAMPLED_GLYPHS))


def _sideways_angle(text_page: pdfium.PdfTextPage) -> float | None:
    """Give the angle (radians, clockwise) of most glyphs when that is far from upright and from upside down."""
    angles = [pdfium_c.FPDFText_GetCharAngle(text_page, glyph) for glyph in _sample(text_page)]
    sideways = [angle for angle in angles if abs(math.sin(angle)) > math.cos(_UPRIGHT_WITHIN)]
    return sideways[0] if len(sideways) * 2 > len(angles) else None


def _runs_down(text_page: pdfium.PdfTextPage) -> bool:
    """Whether most glyphs stand below the one before them: columns of Chinese, Japanese or Korean."""
    steps = [_step(text_page, glyph) for glyph in _sample(text_page)]
    return sum(-down > abs(across) for across, down in steps) * 2 > len(steps)


def _step(text_page: pdfium.PdfTextPage, glyph: int) -> tuple[float, float]:
    places = [(ctypes.c_double(), ctypes.c_double()) for _ in range(2)]
    for number, (x, y) in enumerate(places):
        pdfium_c.FPDFText_GetCharOrigin(text_page, glyph + number, x, y)
    (x, y), (next_x, next_y) = places
    return next_x.value - x.value, next_y.value - y.value


def _turned_text(page: pdfium.PdfPage, index: int, angle: float) -> str:
    """Turn the stored content back by ``angle`` (clockwise) and load the page anew; the loaded one stays as it is."""
    cosine, sine = math.cos(angle), -math.sin(angle)
    matrix = pdfium_c.FS_MATRIX(cosine, sine, -sine, cosine, 0, 0)
    pdfium_c.FPDFPage_TransFormWithClip(page, matrix, None)
    with closing(page.pdf[index]) as turned, open_text(turned) as text_page:
        text: str = text_page.get_text_bounded(-_EVERYWHERE, -_EVERYWHERE, _EVERYWHERE, _EVERYWHERE)
    return text
