# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
"""Builders of pictures with writing on them, as scanners, cameras and programs make them, and of hostile ones.

Letters are DejaVu's, which Debian's fontconfig brings: Pillow's own font knows no letter beyond ASCII.
"""

import io
import struct
import textwrap
import zlib
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

ENGLISH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and"
    " should act towards one another in a spirit of brotherhood."
)
GERMAN = (
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und"
    " sollen einander im Geist der Brüderlichkeit begegnen."
)
POLISH = (
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i"
    " sumieniem i powinni postępować wobec innych w duchu braterstwa."
)
RUSSIAN = (
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны"
    " поступать в отношении друг друга в духе братства."
)
GREEK = (
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική"
    " και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους."
)


def written(text: str, *, size: int = 28, width: int = 60) -> Image.Image:
    """Draw a text in black on white, wrapped to so many characters unless it has lines of its own."""
    lines = text.splitlines() if "\n" in text else textwrap.wrap(text, width)
    font = ImageFont.truetype("DejaVuSans.ttf", size)
    pitch = size * 3 // 2
    right = max(int(font.getlength(line)) for line in lines)
    page = Image.new("L", (right + 2 * size, len(lines) * pitch + 2 * size), 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(page).text((size, size + number * pitch), line, font=font, fill=0)
    return page


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Give an image as a file of this kind (``PNG``, ``TIFF``)."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def several(frames: Sequence[Image.Image], kind: str, **options: object) -> bytes:
    """Give images as the frames of one file."""
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def declared_png(width: int, height: int) -> bytes:
    """Make a PNG that declares such a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


def looping_tiff() -> bytes:
    """Make a TIFF whose only directory names itself as the next one."""
    content = saved(written("Round and round"), "TIFF")
    (first,) = struct.unpack("<I", content[4:8])
    (entries,) = struct.unpack("<H", content[first : first + 2])
    link = first + 2 + 12 * entries
    return content[:link] + struct.pack("<I", first) + content[link + 4 :]


def lying_tiff() -> bytes:
    """Make a TIFF every tag of which claims four thousand million values."""
    content = bytearray(saved(written("Lies"), "TIFF"))
    (first,) = struct.unpack("<I", content[4:8])
    (entries,) = struct.unpack("<H", content[first : first + 2])
    for entry in range(first + 2, first + 2 + 12 * entries, 12):
        content[entry + 4 : entry + 8] = b"\xff\xff\xff\xff"
    return bytes(content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
