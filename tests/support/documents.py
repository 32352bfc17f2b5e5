"""Builders of documents for extraction: small honest ones, and hostile ones that unpack, loop or lie."""

import io
import zipfile
import zlib
from collections.abc import Mapping

import docx
from docx.document import Document
from pypdf import PdfReader, PdfWriter

from tests.support.samples import assemble, pdf

_MEBIBYTE = b" " * (1 << 20)


def word(document: Document) -> bytes:
    """Save a python-docx document to bytes."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def report_docx() -> bytes:
    """Make a Word document of two headed sections, a list and a table."""
    document = docx.Document()
    document.core_properties.title = "Annual report"
    document.core_properties.author = "Ada"
    document.add_heading("Results", 1)
    document.add_paragraph("Revenue rose.")
    document.add_paragraph("first point", style="List Bullet")
    document.add_heading("Outlook", 2)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Year", "Sum", "2026", "1|2"), strict=True):
        cell.text = text
    return word(document)


def replace_member(archive: bytes, name: str, content: bytes) -> bytes:
    """Give a ZIP with one member's content exchanged or added."""
    members = {**unzip(archive), name: content}
    return zipped(members)


def unzip(archive: bytes) -> dict[str, bytes]:
    """Read every member of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        return {name: source.read(name) for name in source.namelist()}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Make a ZIP of these members, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return buffer.getvalue()


def bomb_docx(megabytes: int) -> bytes:
    """Make a Word document with a member that unpacks to so many megabytes."""
    buffer = io.BytesIO(report_docx())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as target, target.open("word/bomb.xml", "w") as member:
        for _ in range(megabytes):
            member.write(_MEBIBYTE)
    return buffer.getvalue()


def crowded_docx(members: int) -> bytes:
    """Make a Word document with so many additional members."""
    return zipped({**unzip(report_docx()), **{f"word/media/{number}": b"" for number in range(members)}})


def doctype_docx() -> bytes:
    """Make a Word document whose body declares a document type with an external entity."""
    body = unzip(report_docx())["word/document.xml"]
    declaration = b'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    head, _, rest = body.partition(b"?>")
    return replace_member(report_docx(), "word/document.xml", head + b"?>" + declaration + rest)


def nested_docx(depth: int) -> bytes:
    """Make a Word document of tables nested so deep."""
    body = unzip(report_docx())["word/document.xml"]
    opening, closing = b"<w:tbl><w:tr><w:tc>" * depth, b"<w:p/></w:tc></w:tr></w:tbl>" * depth
    return replace_member(
        report_docx(), "word/document.xml", body.replace(b"<w:body>", b"<w:body>" + opening + closing, 1)
    )


def encrypted_pdf(text: str, *, user_password: str) -> bytes:
    """Make a PDF that needs this password to be read; an empty one needs none."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(text))))
    writer.encrypt(user_password, owner_password="owner", algorithm="AES-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def described_pdf(*pages: str) -> bytes:
    """Make a PDF with title, author and an outline entry for its second page."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(*pages))))
    writer.add_metadata({"/Title": "A title", "/Author": "An author", "/CreationDate": "D:20260102030405Z"})
    writer.add_outline_item(title="Second", page_number=1)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def many_pages_pdf(count: int) -> bytes:
    """Make a PDF of so many empty pages, quickly."""
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(72, 72)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def looping_pdf() -> bytes:
    """Make a PDF whose page tree contains itself."""
    return pdf("one").replace(b"/Kids [4 0 R] /Count 1", b"/Kids [2 0 R] /Count 2")


def glyph_flood_pdf(glyphs: int) -> bytes:
    """Make a PDF whose only page shows so many letters, packed small."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("A" * glyphs))))
    for page in writer.pages:
        page.compress_content_streams()
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def slow_pdf(pages: int) -> bytes:
    """Make a small PDF every page of which takes pdfium a good while: all show the same crowded content."""
    stream = zlib.compress(b"BT /F1 9 Tf 40 740 Td " + b"(word ) Tj " * 200_000 + b"ET")
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + pages))
    resources = "/Resources << /Font << /F1 3 0 R >> >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R {resources} >>".encode()
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
            *[page] * pages,
        ]
    )


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
"""A picture of one pixel."""

ENCRYPTED_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")
"""What a Word file with a password begins with: an OLE container that holds an encrypted package."""
