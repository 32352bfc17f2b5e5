"""Builders of PDFs, object by object, so that a test shows what is in them."""

import io
import zlib
from collections.abc import Mapping, Sequence

import pypdfium2
from PIL import Image

from tests.support.samples import assemble

CATALOG, PAGES, HELVETICA, FIRST_FREE = 1, 2, 3, 4
"""Numbers of the objects that every document of ``document`` begins with, and of the first one after them."""

RESOURCES = "/Font << /F1 3 0 R >>"


def stream(content: bytes, entries: str = "") -> bytes:
    """Make a stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(content), content)


def packed(content: bytes, entries: str = "") -> bytes:
    """Make a compressed stream object."""
    return stream(zlib.compress(content), f"/Filter /FlateDecode {entries}")


def lines(*texts: str, top: int = 740, left: int = 40, step: int = 20) -> bytes:
    """Show texts in Helvetica, one under the other from ``top`` points."""
    shown = f" 0 -{step} Td ".join(f"({text}) Tj" for text in texts)
    return f"BT /F1 12 Tf {left} {top} Td {shown} ET\n".encode("latin-1")


def document(
    *contents: bytes,
    page: str = "",
    resources: str = RESOURCES,
    catalog: str = "",
    objects: Sequence[bytes] = (),
) -> bytes:
    """Make a PDF with a page per content stream; ``objects`` are numbered from ``FIRST_FREE``.

    ``page`` and ``catalog`` are further entries of every page and of the catalogue.
    """
    first = FIRST_FREE + len(objects)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(contents)))
    body = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *objects,
    ]
    for number, content in enumerate(contents):
        entries = f"/MediaBox [0 0 612 792] /Contents {first + 2 * number + 1} 0 R /Resources << {resources} >> {page}"
        body += (f"<< /Type /Page /Parent 2 0 R {entries} >>".encode(), stream(content))
    return assemble(body)


def annotated(*annotations: str, content: bytes = b"", catalog: str = "", objects: Sequence[bytes] = ()) -> bytes:
    """Make a page with these annotations, which are numbered after ``objects``."""
    first = FIRST_FREE + len(objects)
    references = " ".join(f"{first + number} 0 R" for number in range(len(annotations)))
    made = (f"<< /Type /Annot /Rect [40 600 200 620] {annotation} >>".encode() for annotation in annotations)
    return document(content, page=f"/Annots [{references}]", catalog=catalog, objects=[*objects, *made])


def form(*fields: str, content: bytes = b"") -> bytes:
    """Make a page with these form fields, each a widget of its own."""
    references = " ".join(f"{FIRST_FREE + number} 0 R" for number in range(len(fields)))
    return annotated(
        *(f"/Subtype /Widget {field}" for field in fields),
        content=content,
        catalog=f"/AcroForm << /Fields [{references}] /DR << {RESOURCES} >> /DA (/F1 12 Tf) >>",
    )


def xfa_form(packets: Mapping[str, bytes], content: bytes) -> bytes:
    """Make a dynamic XFA form, which shows ``content`` to readers that do not know XFA."""
    names = " ".join(f"({name}) {FIRST_FREE + number} 0 R" for number, name in enumerate(packets))
    return document(
        content,
        catalog=f"/NeedsRendering true /AcroForm << /Fields [] /XFA [{names}] >>",
        objects=[stream(packet) for packet in packets.values()],
    )


def composite_font(characters: Mapping[int, str] | None, *, vertical: bool = False) -> list[bytes]:
    """Make a font of two-byte codes, which ``FIRST_FREE + 2`` names; with None it does not say which they are."""
    encoding = "/Identity-V" if vertical else "/Identity-H"
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    maps = "".join(f"<{code:04x}> <{text.encode('utf-16-be').hex()}>\n" for code, text in (characters or {}).items())
    meaning = f"/ToUnicode {FIRST_FREE + 1} 0 R" if characters is not None else ""
    return [
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X {system} /DW 600 >>".encode(),
        stream(
            f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {len(characters or {})} beginbfchar\n"
            f"{maps}endbfchar endcmap".encode()
        ),
        f"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding {encoding}"
        f" /DescendantFonts [{FIRST_FREE} 0 R] {meaning} >>".encode(),
    ]


def misnamed_font() -> list[bytes]:
    """Make a font that shows letters and calls them private characters; ``FIRST_FREE + 2`` names it."""
    ranges = b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <20> <7e> <e020> endbfrange"
    font = f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode {FIRST_FREE} 0 R >>"
    return [stream(ranges + b" endcmap"), b"null", font.encode()]


COMPOSITE = f"/Font << /F1 3 0 R /F2 {FIRST_FREE + 2} 0 R >>"
"""Resources of a page that uses a font of ``composite_font`` as ``F2``."""


def codes(*numbers: int, top: int = 700) -> bytes:
    """Show the glyphs with these codes in ``F2``."""
    return f"BT /F2 12 Tf 40 {top} Td <{''.join(f'{number:04x}' for number in numbers)}> Tj ET\n".encode()


def square_font(letters: str) -> list[bytes]:
    """Make a font whose glyphs, with codes from 1, are squares that mean these letters; ``FIRST_FREE + 2`` names it."""
    _, meaning, _ = composite_font(dict(enumerate(letters, 1)))
    meaning = stream(meaning.split(b"stream\n")[1].replace(b"<00", b"<").split(b"\nend")[0])
    glyphs = f"/CharProcs << /square {FIRST_FREE} 0 R >> /Widths [{'1000 ' * len(letters)}]"
    names = f"/Encoding << /Differences [1 {'/square ' * len(letters)}] >> /FirstChar 1 /LastChar {len(letters)}"
    return [
        stream(b"1000 0 0 0 1000 1000 d1 0 0 900 900 re f"),
        meaning,
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0] {glyphs} {names}"
        f" /ToUnicode {FIRST_FREE + 1} 0 R /Resources << >> >>".encode(),
    ]


def picture_object(picture: Image.Image) -> bytes:
    """Make an image XObject of a grey picture."""
    entries = f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height}"
    return packed(picture.convert("L").tobytes(), f"{entries} /ColorSpace /DeviceGray /BitsPerComponent 8")


WITH_PICTURE = f"/Font << /F1 3 0 R >> /XObject << /P {FIRST_FREE} 0 R >>"
"""Resources of a page whose picture is the first object after the font."""


def placed(left: float = 0, bottom: float = 0, width: float = 612, height: float = 792) -> bytes:
    """Paint the picture ``P`` into this box, in points; the whole page without one."""
    return f"q {width} 0 0 {height} {left} {bottom} cm /P Do Q\n".encode()


def hidden(content: bytes) -> bytes:
    """Turn shown text into the invisible layer of a scanner's OCR (text render mode 3)."""
    return content.replace(b"BT ", b"BT 3 Tr ")


def as_picture(pdf: bytes, dpi: int = 200) -> Image.Image:
    """Draw the first page of a PDF, as a scanner would see it."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as opened:
        picture: Image.Image = opened[0].render(scale=dpi / 72, grayscale=True).to_pil()
    return picture
