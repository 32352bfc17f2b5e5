"""PDF: everything that its pages can say, a marker word in each."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import kreuzberg
import pypdfium2
from pypdf import PdfReader, PdfWriter

from tests.support.pdf_documents import (
    COMPOSITE,
    WITH_PICTURE,
    annotated,
    as_picture,
    codes,
    composite_font,
    form,
    lines,
    misnamed_font,
    picture_object,
    placed,
    square_font,
    stream,
)
from tests.support.pdf_documents import document as made

SUFFIX = ".pdf"

FEATURES: Mapping[str, str] = {
    "text": "PLAINWORD",
    "ligature": "fiLIGAWORD",
    "hyphen": "hyphenword",
    "right to left": "שלוםעולם",
    "text sideways": "first line\nSIDEWAYSWORD\nlast line",
    "turned page": "first line\nTURNEDWORD\nlast line",
    "text downwards": "本語\n文章",
    "scan": "SCANWORD",
    "scan under header": "UNDERWORD",
    "header over scan": "OVERWORD",
    "font without characters": "GLYPHWORD",
    "comment": "COMMENTWORD",
    "its author": "AUTHORWORD",
    "free text": "FREEWORD",
    "note on highlight": "HIGHLIGHTWORD",
    "field": "FIELDWORD",
    "choice": "CHOSENWORD",
    "ticked box": "[x] BOXWORD",
    "link": "https://linkword.example/",
    "attachment": "attachmentword.xlsx",
    "pinned attachment": "pinnedword.docx",
}

ABSENT: Mapping[str, str] = {"private characters": "\ue054"}


def document() -> bytes:
    """Put the parts together."""
    writer = PdfWriter()
    for part in _parts():
        writer.append(PdfReader(io.BytesIO(part)))
    writer.add_attachment("attachmentword.xlsx", b"content")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _parts() -> Iterator[bytes]:
    """Make a small PDF for every feature or two."""
    letters = composite_font(dict(enumerate(["\ufb01", *"LIGAWORD"], 1)))
    words = codes(*range(1, 10)) + lines("PLAINWORD hyphen-", "word", top=600)
    yield made(words, resources=COMPOSITE, objects=letters)
    yield made(codes(*range(8, 0, -1)), resources=COMPOSITE, objects=composite_font(dict(enumerate("שלוםעולם", 1))))
    yield made(b"0 1 -1 0 792 0 cm " + lines("first line", "SIDEWAYSWORD", "last line"), page="/Rotate 90")
    yield made(lines("first line", "TURNEDWORD", "last line"), page="/Rotate 90")
    yield made(_columns((300, (1, 2, 3)), (280, (4, 5))), resources=COMPOSITE, objects=square_font("日本語文章"))
    yield made(placed(), resources=WITH_PICTURE, objects=[_scan("SCANWORD")])
    header = lines("OVERWORD", top=750)
    yield made(placed(40, 40, 500, 640) + header, resources=WITH_PICTURE, objects=[_scan("UNDERWORD")])
    misnamed = lines("This text has been written by GLYPHWORD", top=600).replace(b"/F1", b"/F2")
    yield made(misnamed, resources=COMPOSITE, objects=misnamed_font())
    yield annotated(
        "/Subtype /Text /Contents (COMMENTWORD) /T (AUTHORWORD)",
        "/Subtype /FreeText /Contents (FREEWORD)",
        "/Subtype /Highlight /Contents (HIGHLIGHTWORD)",
        "/Subtype /Link /A << /S /URI /URI (https://linkword.example/) >>",
        "/Subtype /FileAttachment /FS << /Type /Filespec /F (pinnedword.docx) /EF << /F 4 0 R >> >>",
        objects=[stream(b"content", "/Type /EmbeddedFile")],
    )
    yield form(
        "/FT /Tx /T (name) /V (FIELDWORD)",
        "/FT /Ch /Ff 131072 /T (choice) /Opt [[(c) (CHOSENWORD)]] /V (c)",
        "/FT /Btn /T (BOXWORD) /V /Yes /AS /Yes /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>",
        content=lines("A form"),
    )


def _columns(*columns: tuple[int, tuple[int, ...]]) -> bytes:
    """Show glyphs one under the other, a column at every place from the left."""
    return b"".join(
        b"BT /F2 12 Tf %d %d Td <%02x> Tj ET " % (left, 700 - 14 * row, code)
        for left, column in columns
        for row, code in enumerate(column)
    )


def _scan(word: str) -> bytes:
    text = lines("A letter about gardens and fences", f"with the word {word} in it", "and kind regards", step=40)
    return picture_object(as_picture(made(text)))


def _pdfium(source: Path) -> str:
    with pypdfium2.PdfDocument(source) as opened:
        return "\n".join(page.get_textpage().get_text_bounded() for page in opened)


def _pypdf(source: Path) -> str:
    """Give what pypdf knows, which is more than its users usually ask for."""
    reader = PdfReader(source)
    fields = [f"{name}: {field.value}" for name, field in (reader.get_fields() or {}).items()]
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    said = [f"{note.get('/T')}: {note.get('/Contents')} {note.get('/A', {}).get('/URI')}" for note in notes]
    return "\n".join([*(page.extract_text() for page in reader.pages), *fields, *said, *reader.attachments])


PEERS: Mapping[str, Callable[[Path], str]] = {
    "pdfium": _pdfium,
    "pypdf": _pypdf,
    "kreuzberg": lambda source: str(kreuzberg.extract_file_sync(source).content),
}
"""What others make of the same document."""
