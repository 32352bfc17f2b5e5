"""Builders of .doc and .ppt: LibreOffice saves modern documents in the old formats; damage is done by hand after."""

import io
import tempfile
from functools import cache
from pathlib import Path

import docx
import olefile
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx import Presentation

from services.extraction.converter import convert
from tests.support.documents import word
from tests.support.slide_documents import saved, titled_pptx

_WORD_FILTER, _SLIDES_FILTER = "MS Word 2007 XML", "Impress MS PowerPoint 2007 XML"


@cache
def report_doc() -> bytes:
    """Make a document of two pages: heading, table, comment, header, a deletion, an insertion and hidden text."""
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "A report", "Ada"
    document.sections[0].header.paragraphs[0].text = "running header"
    document.add_heading("Results", 1)
    commented = document.add_paragraph("Revenue rose; Привет 中文")
    document.add_comment(commented.runs, text="a remark", author="Bob", initials="B")
    tracked = document.add_paragraph("kept ")._p
    marks = f'{nsdecls("w")} w:id="9" w:author="X" w:date="2026-01-01T00:00:00Z"'
    tracked.append(parse_xml(f"<w:del {marks}><w:r><w:delText>deleted</w:delText></w:r></w:del>"))
    tracked.append(parse_xml(f"<w:ins {marks}><w:r><w:t>inserted</w:t></w:r></w:ins>"))
    document.add_paragraph().add_run("concealed").font.hidden = True
    document.add_table(1, 2).cell(0, 1).text = "cell"
    document.add_paragraph("second page").paragraph_format.page_break_before = True
    return _converted(word(document), "doc", _WORD_FILTER)


@cache
def deck_ppt() -> bytes:
    """Make a presentation of two slides with notes on the first, the second one hidden."""
    presentation = Presentation(io.BytesIO(titled_pptx("one", "two")))
    presentation.core_properties.author = "Ada"
    presentation.slides[0].notes_slide.notes_text_frame.text = "spoken Привет"
    presentation.slides[1]._element.set("show", "0")
    return _converted(saved(presentation), "ppt", _SLIDES_FILTER)


def _converted(content: bytes, target: str, input_filter: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.write_bytes(content)
        return convert(source, target, input_filter=input_filter).read_bytes()


def patched(content: bytes, stream: str, offset: int, new: bytes) -> bytes:
    """Give a container with some bytes of one stream changed."""
    buffer = io.BytesIO(content)
    with olefile.OleFileIO(buffer, write_mode=True) as ole:
        old = ole.openstream(stream).read()
        ole.write_stream(stream, old[:offset] + new + old[offset + len(new) :])
    return buffer.getvalue()


def encrypted_doc() -> bytes:
    """Make a document whose information block says that it is encrypted."""
    return patched(report_doc(), "WordDocument", 11, b"\x13")


def encrypted_ppt() -> bytes:
    """Make a presentation whose current user's token says that it is encrypted."""
    return patched(deck_ppt(), "Current User", 12, bytes.fromhex("dfc4d1f3"))


def scrambled(content: bytes, stream: str, start: int) -> bytes:
    """Give a container one stream of which is noise from an offset on."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        size = len(ole.openstream(stream).read())
    noise = bytes((number * 7919 + (number >> 3)) & 0xFF for number in range(size - start))
    return patched(content, stream, start, noise)


def with_text(content: bytes, old: str, new: str) -> bytes:
    """Give a Word document some text of which is replaced by as much other text."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        place = ole.openstream("WordDocument").read().index(old.encode("utf-16-le"))
    return patched(content, "WordDocument", place, new.encode("utf-16-le"))
