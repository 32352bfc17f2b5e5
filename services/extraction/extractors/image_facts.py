"""What a picture says of itself: EXIF (CIPA DC-008, TIFF 6.0 tags) and PNG's text chunks (PNG 3rd edition, 11.3.3)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from PIL import Image, ImageOps
from PIL.ExifTags import IFD, Base

from services.extraction.content import Facts, Notice, Warn

_DAMAGED = (SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ArithmeticError)
"""What Pillow raises for EXIF whose lengths and offsets make no sense."""
_EXIF_TIME = "%Y:%m:%d %H:%M:%S"


def read_facts(image: Image.Image) -> Iterator[Facts | Notice]:
    """Give title, author and time where the picture has them; damaged metadata costs a warning, not the picture."""
    try:
        tags = image.getexif()
        detailed = tags.get_ifd(IFD.Exif)
        yield Facts(
            title=_text(tags.get(Base.ImageDescription)) or _text(image.info.get("Title")),
            author=_text(tags.get(Base.Artist)) or _text(image.info.get("Author")),
            created_at=_time({**tags, **detailed}),
        )
    except _DAMAGED:
        yield Notice(Warn.METADATA_INCOMPLETE)


def upright(grey: Image.Image, image: Image.Image) -> Image.Image:
    """Turn as the camera says it was held; Pillow has done so already with a TIFF."""
    try:
        orientation = image.getexif().get(Base.Orientation)
        exif = grey.getexif()
    except _DAMAGED:
        return grey
    if image.format == "TIFF" or orientation is None:
        return grey
    exif[Base.Orientation] = orientation
    return ImageOps.exif_transpose(grey)


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.strip("\0 ") or None if isinstance(value, str) else None


def _time(tags: Mapping[int, Any]) -> datetime | None:
    """Read when the picture was taken, else when its file was made; a camera without a time zone counts as in UTC."""
    taken = _text(tags.get(Base.DateTimeOriginal)) or _text(tags.get(Base.DateTime))
    if taken is None:
        return None
    try:
        return datetime.strptime(f"{taken}{_text(tags.get(Base.OffsetTimeOriginal))}", f"{_EXIF_TIME}%z")
    except ValueError:
        pass
    try:
        return datetime.strptime(taken, _EXIF_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
