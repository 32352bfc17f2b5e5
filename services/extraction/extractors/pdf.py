"""PDF: pdfium for text, pictures of pages for OCR, annotations and metadata; pypdf where pdfium cannot open the file.

Page text comes from ``get_text_bounded``, which measured best in quality at 600 pages a second. An empty user password
is tried by both engines; any other makes the document ``encrypted``.
"""

from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from services.extraction.content import ErrorCode, Facts, Items, Limits, Page, Unreadable
from services.extraction.extractors.pdf_facts import read_facts
from services.extraction.extractors.pdf_fallback import read_with_pypdf
from services.extraction.extractors.pdf_pages import PdfPages
from services.extraction.extractors.pdf_xfa import dynamic_form_text
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import PDF


@extracts(PDF, engine="pypdfium2")
def extract_pdf(source: Path, limits: Limits, *, sound_text: bool = False) -> Items:
    """One page per page, after what the document says of itself; links are known when the pages are.

    ``sound_text``: whatever text there is counts as right, because we had the file made from a text document.
    """
    with source.open("rb") as file:  # not the path: pypdfium2 makes it absolute, where the child may not go
        try:
            document = pdfium.PdfDocument(file)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                raise Unreadable(ErrorCode.ENCRYPTED) from error
            document = None
        if document is not None:
            with closing(document):
                yield from _read(document, limits, sound_text=sound_text)
            return
    yield from read_with_pypdf(source, limits)


def _read(document: pdfium.PdfDocument, limits: Limits, *, sound_text: bool) -> Items:
    if len(document) > limits.hard_pages:
        raise Unreadable(ErrorCode.TOO_MANY_PAGES)
    document.init_forms()
    yield Facts(page_count=len(document))
    yield read_facts(document)
    yield from PdfPages(document, limits, sound_text=sound_text).read()
    if form := dynamic_form_text(document):
        yield Page(form, label="form")
