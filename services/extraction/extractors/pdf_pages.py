"""The pages of a PDF that pdfium opens, one after the other, each with everything that stands on it."""

from collections.abc import Iterator
from contextlib import closing

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from services.extraction.content import ErrorCode, Facts, Heavy, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.extractors.hyphens import join_hyphenated
from services.extraction.extractors.pdf_annotations import read_annotations
from services.extraction.extractors.pdf_facts import attachment_names
from services.extraction.extractors.pdf_margins import InMargin, RunningLines
from services.extraction.extractors.pdf_quality import text_quality
from services.extraction.extractors.pdf_scan import Layer, Reading, needs_ocr, read_by_ocr, unread_pictures
from services.extraction.extractors.pdf_strings import wide_string
from services.extraction.extractors.pdf_text import is_flooded, open_text, text_of, unmapped_share

_SIDEWAYS = {90, 270}


class PdfPages:
    """Reads pages in order; ``read`` runs once."""

    def __init__(self, document: pdfium.PdfDocument, limits: Limits, *, sound_text: bool = False) -> None:
        """``sound_text``: text layers are right whatever they look like."""
        self._sound_text = sound_text
        self._document = document
        self._limits = limits
        self._running = RunningLines()
        self._links: dict[str, None] = {}
        self._attachments: dict[str, None] = {}
        self._heavy = False

    def read(self) -> Items:
        """Give the pages, then the links and attachments; what lies beyond the limit is an empty page, to be cut.

        A page that pdfium cannot load or hold stays empty with a warning instead of losing the others; raises
        ``Unreadable`` when that goes for all.
        """
        readable, failure = False, ErrorCode.CORRUPT
        for index in range(min(len(self._document), self._limits.pages)):
            try:
                with closing(self._document[index]) as page:
                    if is_flooded(page):
                        failure = ErrorCode.OUT_OF_MEMORY
                        yield from self._unreadable(index)
                    else:
                        yield from self._page(index, page)
                        readable = True
            except pdfium.PdfiumError:
                yield from self._unreadable(index)
        if not readable:
            raise Unreadable(failure)
        attachments = dict.fromkeys([*attachment_names(self._document), *self._attachments])
        yield Facts(links=list(self._links), attachments=list(attachments))
        if len(self._document) > self._limits.pages:
            yield Page("")

    def _unreadable(self, index: int) -> Items:
        yield Notice(Warn.UNREADABLE_PAGES)
        yield Page("", label=self._label(index))

    def _page(self, index: int, page: pdfium.PdfPage) -> Items:
        with open_text(page) as text_page:
            yield from self._open_page(index, page, text_page)

    def _open_page(self, index: int, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> Items:
        layer = self._layer(index, page, text_page)
        unread = unread_pictures(page, text_page, layer)
        reading = Reading(layer.text, layer.quality if layer.text else 1.0, ocr=False)
        if needs_ocr(page, layer, unread):
            if not self._heavy:
                self._heavy = True
                yield Heavy()
            reading = read_by_ocr(page, text_page, layer, unread, self._limits)
            yield from map(Notice, reading.warnings)
        parts = [self._running.remove(reading.text, index + 1, margins(page, text_page)), *self._annotations(page)]
        text = "\n\n".join(filter(None, parts))
        yield Page(text, label=self._label(index), ocr=reading.ocr, quality=reading.quality)

    def _layer(self, index: int, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> Layer:
        text = text_of(page, text_page, index, self._limits.page_characters + 1)
        text = join_hyphenated(text)
        sound = self._sound_text and bool(text.strip())
        return Layer(text, 1.0 if sound else text_quality(text, unmapped=unmapped_share(text_page)))

    def _annotations(self, page: pdfium.PdfPage) -> Iterator[str]:
        found = read_annotations(page)
        self._links.update(dict.fromkeys(found.links))
        self._attachments.update(dict.fromkeys(found.attachments))
        yield "\n".join(found.fields)
        yield "\n".join(found.comments)

    def _label(self, index: int) -> str | None:
        """Return the printed page number (``iv``, ``A-3``) where the document gives one that is not its position."""
        label = wide_string(pdfium_c.FPDF_GetPageLabel, self._document, index)
        return label if label and label != str(index + 1) else None


def margins(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> InMargin:
    """Make the question whether a line stands in an outer share of the page, as the reader turns it."""

    def in_margin(line: str, share: float) -> bool:
        left, bottom, right, top = page.get_bbox()
        if page.get_rotation() in _SIDEWAYS:
            width = (right - left) * share
            bands = ({"right": left + width}, {"left": right - width})
        else:
            height = (top - bottom) * share
            bands = ({"top": bottom + height}, {"bottom": top - height})
        return any(line in text_page.get_text_bounded(**band) for band in bands)

    return in_margin
