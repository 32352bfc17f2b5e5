"""Documents that attack whoever reads them: bombs, floods, loops, and references to the outside. Built in little time.

What a single format's reader alone could stumble over stands beside that format's builders.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

from tests.support import documents, pdf_documents, web_documents, word_documents
from tests.support.odp_documents import box, odp, page
from tests.support.samples import assemble
from tests.support.sheet_documents import raw_xlsx, relationship_kind, relationships
from tests.support.slide_documents import external_pptx

_MEGABYTE = 1_000_000


def _packed_twice(content: bytes) -> bytes:
    body = zlib.compress(zlib.compress(content, 9), 9)
    return pdf_documents.stream(body, "/Filter [/FlateDecode /FlateDecode]")


def _page_of(content: bytes) -> bytes:
    """Make a PDF whose only page has this content stream."""
    resources = pdf_documents.RESOURCES.encode()
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << %s >> >>" % resources,
            content,
        ]
    )


def flate_bomb_pdf(megabytes: int, *, twice: bool) -> bytes:
    """Make a PDF whose page unpacks to so many megabytes of spaces; packed twice, that is two kilobytes."""
    spaces = b" " * (megabytes * _MEGABYTE)
    return _page_of(_packed_twice(spaces) if twice else pdf_documents.packed(spaces))


def flooded_pdf(glyphs: int) -> bytes:
    """Make a PDF whose only page shows so many letters, in strings as long as pdfium takes them."""
    shown = (b"(" + b"A" * 30_000 + b") Tj ") * (glyphs // 30_000)
    return _page_of(pdf_documents.packed(b"BT /F1 9 Tf 40 740 Td " + shown + b"ET"))


def operators_pdf(count: int) -> bytes:
    """Make a PDF whose page has so many drawing operators."""
    return _page_of(pdf_documents.packed(b"0 0 m 9 9 l S " * count))


def looping_xref_pdf() -> bytes:
    """Make a PDF whose cross-reference table names itself as the one before."""
    content = documents.many_pages_pdf(1)
    start = content.rindex(b"startxref")
    offset = int(content[start:].split()[1])
    return content.replace(b"/Size", b"/Prev %d\n/Size" % offset)


def deep_html(depth: int) -> bytes:
    """Make HTML nested so deep."""
    return web_documents.html("<div>" * depth + "bottom")


def deep_rtf(depth: int) -> bytes:
    """Make RTF of groups nested so deep."""
    return web_documents.rtf("{" * depth + "bottom" + "}" * depth)


def deep_json(depth: int) -> bytes:
    """Make JSON nested so deep."""
    return b"[" * depth + b"]" * depth


def laughs_docx() -> bytes:
    """Make a Word document whose entities unfold to three gigabytes."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<!DOCTYPE w:document [<!ENTITY l0 "lol">{entities}]>'.encode()
    body = documents.unzip(documents.report_docx())["word/document.xml"].replace(b"Revenue rose.", b"&l9;")
    return documents.replace_member(documents.report_docx(), "word/document.xml", declared + body.partition(b"?>")[2])


def long_text_docx(megabytes: int) -> bytes:
    """Make a Word document of one text of so many megabytes."""
    return word_documents.docx(f"<w:p><w:r><w:t>{'x' * megabytes * _MEGABYTE}</w:t></w:r></w:p>")


def empty_paragraphs_docx(count: int) -> bytes:
    """Make a Word document of so many empty paragraphs."""
    return word_documents.docx("<w:p/>" * count + word_documents.paragraph("<w:r><w:t>last</w:t></w:r>"))


def slipping_docx() -> bytes:
    """Make a Word document with members whose names lead out of the folder, and a symbolic link."""
    buffer = io.BytesIO(documents.report_docx())
    with zipfile.ZipFile(buffer, "a") as archive:
        for name in ("../escaped", "/var/escaped", "C:\\escaped", "word/../../escaped"):
            archive.writestr(name, b"escaped")
        link = zipfile.ZipInfo("word/link.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def matryoshka_docx() -> bytes:
    """Make a Word document that embeds an archive that unpacks to a gigabyte, itself within an archive."""
    inner = documents.zipped({"bomb": documents.zipped({"bomb": b" " * 50 * _MEGABYTE})})
    return documents.replace_member(documents.report_docx(), "word/embeddings/oleObject1.bin", inner)


def sparse_xlsx() -> bytes:
    """Make a workbook with nothing but its first and its very last cell."""
    cells = {1: "A1", 1_048_576: "XFD1048576"}
    return raw_xlsx("".join(f'<row r="{row}"><c r="{cell}"><v>1</v></c></row>' for row, cell in cells.items()))


def bomb_xlsx(megabytes: int) -> bytes:
    """Make a workbook whose sheet unpacks to so many megabytes."""
    return raw_xlsx(b" " * (megabytes * _MEGABYTE))


def flooding_png(width: int, height: int) -> bytes:
    """Make a PNG of a few bytes that claims these dimensions."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def referring(address: str) -> Mapping[str, bytes]:
    """Make a document of each format that refers to this HTTP address by every means its format has.

    The keys are file names; the words "kept text" stand in each.
    """
    return {
        "links.docx": _referring_docx(address),
        "links.xlsx": _referring_xlsx(address),
        "links.pptx": external_pptx(address),
        "links.odp": odp(page(box(f'<text:p>kept text</text:p><draw:image xlink:href="{address}/p.png"/>'))),
        "links.html": _referring_html(address),
        "links.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/>kept text</svg>'.encode(),
        "links.rtf": rb"{\rtf1 kept text{\field{\*\fldinst INCLUDEPICTURE "
        + f'"{address}"'.encode()
        + rb"}{\fldrslt }}}",
        "links.eml": _referring_mail(address),
        "links.pdf": _referring_pdf(address),
        "links.doc": rb"{\rtf1 kept text{\field{\*\fldinst INCLUDETEXT " + f'"{address}"'.encode() + rb"}{\fldrslt }}}",
    }


def _referring_docx(address: str) -> bytes:
    body = (
        "<w:p><w:r><w:t>kept text</w:t></w:r></w:p>"
        '<w:altChunk r:id="rId90"/><w:p><w:r><w:drawing><a:blip r:link="rId91"/></w:drawing></w:r></w:p>'
        f"<w:p><w:fldSimple w:instr='INCLUDEPICTURE \"{address}\" \\d'><w:r><w:t>x</w:t></w:r></w:fldSimple></w:p>"
    )
    kinds = {"rId90": "aFChunk", "rId91": "image", "rId92": "attachedTemplate", "rId93": "subDocument"}
    return word_documents.docx(body, links={key: (kind, f"{address}/{kind}") for key, kind in kinds.items()})


def _referring_xlsx(address: str) -> bytes:
    link = f'<externalLink xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><externalBook r:id="rId1"/></externalLink>'
    cell = f'<row r="1"><c r="A1" t="str"><f>WEBSERVICE("{address}")</f><v>kept text</v></c></row>'
    parts = {
        "xl/externalLinks/externalLink1.xml": link,
        "xl/externalLinks/_rels/externalLink1.xml.rels": relationships(
            (relationship_kind("externalLinkPath"), address)
        ),
        "xl/connections.xml": f'<connections xmlns="{_SHEETS}"><webPr url="{address}"/></connections>',
    }
    return raw_xlsx(cell, parts=parts)


_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _referring_html(address: str) -> bytes:
    head = (
        f'<base href="{address}/"><link rel="stylesheet" href="{address}/style.css">'
        f'<script src="{address}/x.js"></script>'
        f'<meta http-equiv="refresh" content="0;url={address}"><style>@import url({address}/import.css);</style>'
    )
    frames = f'<iframe src="{address}"></iframe><object data="{address}"></object>'
    return web_documents.html(f'<p>kept text</p><img src="{address}/i.png">{frames}', head)


def _referring_mail(address: str) -> bytes:
    message = web_documents.mail("kept text")
    message.add_alternative(f'<p>kept text</p><img src="{address}/pixel.gif">', subtype="html")
    message.add_attachment(
        b"", maintype="message", subtype="external-body", params={"access-type": "URL", "URL": address}
    )
    return message.as_bytes()


def _referring_pdf(address: str) -> bytes:
    actions = (
        f"<< /S /URI /URI ({address}) >>",
        f"<< /S /GoToR /F ({address}/remote.pdf) /D [0 /Fit] >>",
        f"<< /S /Launch /F ({address}/program) >>",
        f"<< /S /SubmitForm /F << /FS /URL /F ({address}) >> >>",
        f"<< /S /ImportData /F ({address}/data.fdf) >>",
        "<< /S /JavaScript /JS (app.launchURL('" + address + "')) >>",
    )
    annotations = [f"<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A {action} >>" for action in actions]
    catalog = f"/OpenAction << /S /URI /URI ({address}) >> /URI << /Base ({address}) >>"
    return pdf_documents.annotated(*annotations, content=pdf_documents.lines("kept text"), catalog=catalog)
