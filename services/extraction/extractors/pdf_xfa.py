"""Dynamic XFA forms, whose only page says "Please wait…": the form is XML beside it (Adobe's XFA specification 3.3).

pdfium draws no XFA. The words of the form's template and the values filled in are text, so they are given as such.
"""

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from lxml import etree

from services.extraction.extractors.pdf_strings import byte_string

_LARGEST_PACKET_BYTES = 16 << 20
_MOST_PACKETS = 100


def dynamic_form_text(document: pdfium.PdfDocument) -> str:
    """Give the words and values of a dynamic form, a line each; "" for every other document."""
    if document.get_formtype() != pdfium_c.FORMTYPE_XFA_FULL:
        return ""
    packets = dict(_packets(document))
    words = [*_texts(packets.get("template", b"")), *_values(packets.get("datasets", b""))]
    return "\n".join(words)


def _packets(document: pdfium.PdfDocument) -> Iterator[tuple[str, bytes]]:
    for index in range(min(pdfium_c.FPDF_GetXFAPacketCount(document), _MOST_PACKETS)):
        name = byte_string(pdfium_c.FPDF_GetXFAPacketName, document, index)
        yield name, _content(document, index)


def _content(document: pdfium.PdfDocument, index: int) -> bytes:
    size = ctypes.c_ulong()
    pdfium_c.FPDF_GetXFAPacketContent(document, index, None, 0, size)
    if not 0 < size.value <= _LARGEST_PACKET_BYTES:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    pdfium_c.FPDF_GetXFAPacketContent(document, index, buffer, size.value, size)
    return buffer.raw


def _texts(template: bytes) -> Iterator[str]:
    """Give what the template shows: captions and static text, plain or as XHTML."""
    for element in _elements(template):
        if etree.QName(element).localname in {"text", "exData"}:
            yield from filter(None, [" ".join("".join(map(str, element.itertext())).split())])


def _values(datasets: bytes) -> Iterator[str]:
    """Give the filled-in fields as ``name: value``."""
    for element in _elements(datasets):
        if not len(element) and (value := " ".join((element.text or "").split())):
            yield f"{etree.QName(element).localname}: {value}"


def _elements(packet: bytes) -> Iterator[etree._Element]:
    """Walk a packet's elements; one that is no XML has none."""
    try:
        root = etree.fromstring(packet, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return
    yield from root.iter(etree.Element)
