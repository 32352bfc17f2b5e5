"""Word 6 to 2003 (.doc): LibreOffice lays the document out as PDF, whose pages are read.

Pages are as LibreOffice breaks them, so that a citation has a page. Comments come along as annotations, deletions do
not, hidden text does. What LibreOffice cannot read, we read from the file's pieces of text.
"""

import dataclasses
import re
from pathlib import Path

from services.extraction.content import Facts, Item, Items, Limits, Notice, Page, Warn
from services.extraction.converter import ConversionFailed, convert
from services.extraction.extractors.doc_fib import FileInformation, read_information
from services.extraction.extractors.doc_marks import copy_showing_current_text
from services.extraction.extractors.doc_text import read_text
from services.extraction.extractors.legacy_office import DAMAGE, LIBREOFFICE, facts_of, open_container
from services.extraction.extractors.pdf import extract_pdf
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import LEGACY_WORD

_DATED_COMMENT = re.compile(r"^(\[Comment by .{0,200}?), [\d/.-]*,:", re.MULTILINE)
_WITH_COMMENTS = 'pdf:writer_pdf_Export:{"ExportNotes":{"type":"boolean","value":"true"}}'


@extracts(LEGACY_WORD, engine=LIBREOFFICE, needs_processes=True, heavy=True)
def extract_doc(source: Path, limits: Limits) -> Items:
    """One page per page; what the container says of the document comes last and prevails over the PDF's word."""
    with open_container(source) as ole:
        information = read_information(ole)
    try:
        converted = convert(_prepared(source, information), _WITH_COMMENTS, input_filter=information.input_filter)
    except ConversionFailed:
        yield Facts(engine="satchel")
        yield Notice(Warn.FALLBACK_ENGINE)
        with open_container(source) as ole:
            yield from read_text(ole, limits)
    else:
        yield from map(_as_written, extract_pdf(converted, limits, sound_text=True))
    yield from facts_of(source)


def _as_written(item: Item) -> Item:
    """Take away what only the conversion added: the date behind a commentator's name, and the PDF's own date."""
    if isinstance(item, Page):
        return dataclasses.replace(item, text=_DATED_COMMENT.sub(r"\1:", item.text))
    return dataclasses.replace(item, created_at=None) if isinstance(item, Facts) else item


def _prepared(source: Path, information: FileInformation) -> Path:
    """Give a copy that shows what is to be read; a document too damaged for that, or too old, is taken as it is."""
    if not information.is_word_97:
        return source
    prepared = source.with_name("prepared")
    try:
        copy_showing_current_text(source, prepared)
    except DAMAGE:
        return source
    return prepared
