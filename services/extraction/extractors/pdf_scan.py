"""Pages, or parts of pages, that only OCR can read; what it finds is weighed against the page's own text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from services.extraction.content import Limits, Warn
from services.extraction.extractors.pdf_pictures import Picture, hide_text, is_blank, pictures, render
from services.extraction.extractors.pdf_quality import USABLE
from services.extraction.ocr import recognise

_FULL_OF_TEXT = 2_000
"""Characters of a page with no room for a scan worth reading."""
_LEAST_SHARE = 0.15
"""Of the page; smaller pictures are logos and signatures."""
_CHARACTERS_OF_A_LAYER = 300
"""A picture of a whole page with fewer characters on it has no text layer of its own; smaller ones in proportion."""
_SAME_WORDS = 0.7
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Layer:
    """A page's own text and how good it is, 0 to 1."""

    text: str
    quality: float

    @property
    def usable(self) -> bool:
        """Whether it may be taken as it is."""
        return bool(self.text.strip()) and self.quality >= USABLE


@dataclass(frozen=True, slots=True)
class Reading:
    """What is taken for the page's text in the end."""

    text: str
    quality: float
    ocr: bool
    warnings: Sequence[Warn] = ()


def unread_pictures(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, layer: Layer) -> list[Picture]:
    """Find the large pictures that the page's text does not cover."""
    if len(layer.text) >= _FULL_OF_TEXT:
        return []
    left, bottom, right, top = page.get_bbox()
    page_area = max(1.0, (right - left) * (top - bottom))
    found = []
    for picture in pictures(page):
        share = min(1.0, picture.area / page_area)
        if share >= _LEAST_SHARE:
            on_it = text_page.get_text_bounded(picture.left, picture.bottom, picture.right, picture.top)
            found += [picture] if len(on_it.strip()) < _CHARACTERS_OF_A_LAYER * share else []
    return found


def needs_ocr(page: pdfium.PdfPage, layer: Layer, unread: Sequence[Picture]) -> bool:
    """Whether OCR could find what the text layer has not; a blank page has nothing to find."""
    return (bool(unread) or not layer.usable) and not is_blank(page)


def read_by_ocr(
    page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, layer: Layer, unread: list[Picture], limits: Limits
) -> Reading:
    """Read the page as a picture; changes how the loaded page looks, so it is the last thing done with it.

    Where the page's own text is sound, OCR is shown only what is not text and adds to it; else the better one is taken.
    """
    if layer.usable:
        hide_text(page)
    image, dpi = render(page, unread or pictures(page), limits.pixels)
    found = recognise(image, limits, dpi=dpi)
    if not found.text:
        # A picture without text beside sound text is a photograph: nothing to warn of.
        return Reading(layer.text, layer.quality, ocr=False, warnings=() if layer.usable else found.warnings)
    if layer.usable and not _repeats(layer.text, found.text):
        parts = (layer.text, found.text) if _stands_above(text_page, layer, unread) else (found.text, layer.text)
        return Reading("\n\n".join(parts), min(layer.quality, found.quality), ocr=True, warnings=found.warnings)
    if layer.quality >= found.quality:
        return Reading(layer.text, layer.quality, ocr=False)
    return Reading(found.text, found.quality, ocr=True, warnings=found.warnings)


def _stands_above(text_page: pdfium.PdfTextPage, layer: Layer, unread: Sequence[Picture]) -> bool:
    """Whether most of the page's text comes before its pictures."""
    above = text_page.get_text_bounded(bottom=max((picture.top for picture in unread), default=0.0))
    return len(above) * 2 >= len(layer.text)


def _repeats(layer: str, found: str) -> bool:
    """Whether OCR found the same text again: the layer is an earlier OCR's, hidden behind the picture."""
    words = _WORD.findall(layer.casefold())
    return sum(map(set(_WORD.findall(found.casefold())).__contains__, words)) >= _SAME_WORDS * len(words)
