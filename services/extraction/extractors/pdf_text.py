"""The text of a page in the order it is read, whichever way the page is turned.

pdfium puts lines in order and ends them only where they run across the page as stored: it reads turned pages bottom-up,
and joins words of lines that run along the page's other side (a landscape table, as LaTeX sets it).
"""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_SAMPLED_GLYPHS = 48
"""Asked for their font and angle, spread over the page."""
_EVERYWHERE = 1e6
"""Points; more than a page may measure."""
_UPRIGHT_WITHIN = math.radians(30)


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


def text_of(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, index: int) -> str:
    """Give the text within the page's box, lines ended by line feeds; text that runs sideways is turned first."""
    angles = [pdfium_c.FPDFText_GetCharAngle(text_page, glyph) for glyph in _sample(text_page)]
    sideways = [angle for angle in angles if abs(math.sin(angle)) > math.cos(_UPRIGHT_WITHIN)]
    turned = len(sideways) * 2 > len(angles)
    text: str = _turned_text(page, index, sideways[0]) if turned else text_page.get_text_bounded()
    return text.replace("\r\n", "\n").strip("\n")


def unmapped_share(text_page: pdfium.PdfTextPage) -> float:
    """Estimate the share of glyphs for which the font names no character, so that pdfium had to guess."""
    sample = _sample(text_page)
    errors = sum(pdfium_c.FPDFText_HasUnicodeMapError(text_page, glyph) == 1 for glyph in sample)
    return errors / len(sample) if sample else 0.0


def _sample(text_page: pdfium.PdfTextPage) -> range:
    count = max(0, pdfium_c.FPDFText_CountChars(text_page))
    return range(0, count, max(1, count // _SAMPLED_GLYPHS))


def _turned_text(page: pdfium.PdfPage, index: int, angle: float) -> str:
    """Turn the stored content back by ``angle`` (clockwise) and load the page anew; the loaded one stays as it is."""
    cosine, sine = math.cos(angle), -math.sin(angle)
    matrix = pdfium_c.FS_MATRIX(cosine, sine, -sine, cosine, 0, 0)
    pdfium_c.FPDFPage_TransFormWithClip(page, matrix, None)
    with closing(page.pdf[index]) as turned, open_text(turned) as text_page:
        text: str = text_page.get_text_bounded(-_EVERYWHERE, -_EVERYWHERE, _EVERYWHERE, _EVERYWHERE)
    return text
