"""Pictures, by OCR: what is written on them; frames are pages.

A picture that is cut off is read as far as it goes and counts as failed, its text kept. Of an animation up to 20 frames
are read, evenly chosen, and of those only the ones that look unlike the one before. Nothing is decoded before its
declared size is known to be allowed.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from services.extraction.content import ErrorCode, Heavy, Items, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.image_facts import read_facts, upright
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import BMP, GIF, JPEG, PNG, TIFF, WEBP
from services.extraction.ocr import extremes, is_blank, recognise, to_grey

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    PNG: PngImagePlugin.PngImageFile,
    JPEG: JpegImagePlugin.JpegImageFile,
    GIF: GifImagePlugin.GifImageFile,
    BMP: BmpImagePlugin.BmpImageFile,
    WEBP: WebPImagePlugin.WebPImageFile,
    TIFF: TiffImagePlugin.TiffImageFile,
}
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError),
    *(ArithmeticError, RuntimeError, struct.error),
)
"""What Pillow raises for pictures whose headers, tags or data make no sense."""
_ANIMATION_FRAMES = 20
_THUMBNAIL_SIDE = 64
_SAME = 16
_SUBFILE_TYPE, _SMALLER_VERSION = 254, 1
"""TIFF 6.0, NewSubfileType: bit 0 marks a smaller version of another frame."""
_DRAFT_SIDE = 3_500
"""A JPEG at least twice as large in both directions is decoded at half its size or less."""

warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def extract_image(kind: str, source: Path, limits: Limits) -> Items:
    """One page per frame; ``Heavy`` is said as soon as there is something that may be writing."""
    Image.MAX_IMAGE_PIXELS = limits.pixels
    with _failures(), Image.open(source, formats=[kind]) as image:
        yield from read_facts(image)
        image.draft("L", (_DRAFT_SIDE, _DRAFT_SIDE))
        frames = _animation(image) if _count(image) > 1 else _frames(image, limits)
        for number, grey in frames:
            yield from _read(upright(grey, image), limits, number)
        if _count(image) > _ANIMATION_FRAMES:
            yield Notice(Warn.TRUNCATED_PAGES)


for _media_type, _reader in _READERS.items():
    extracts(_media_type, engine="tesserocr")(partial(extract_image, str(_reader.format)))


def _read(grey: Image.Image, limits: Limits, number: int) -> Items:
    if is_blank(grey):
        yield Notice(Warn.OCR_NO_TEXT)
        yield Page("", number=number, ocr=True, quality=0.0)
        return
    yield Heavy()
    found = recognise(grey, limits)
    yield from map(Notice, found.warnings)
    yield Page(found.text, number=number, ocr=True, quality=found.quality)


def _frames(image: ImageFile.ImageFile, limits: Limits) -> Iterator[tuple[int, Image.Image]]:
    """Give every frame of a TIFF with its number, but no thumbnails; of other kinds there is one."""
    for index in range(limits.pages + 1 if image.format == "TIFF" else 1):
        try:
            image.seek(index)
        except EOFError:
            return
        tags = getattr(image, "tag_v2", {})
        if not tags.get(_SUBFILE_TYPE, 0) & _SMALLER_VERSION:
            yield from _decoded(image, index + 1)


def _decoded(image: ImageFile.ImageFile, number: int) -> Iterator[tuple[int, Image.Image]]:
    """Give one frame; one that is cut off as far as it goes, and then fail."""
    try:
        grey = to_grey(image)
    except _DAMAGED:
        yield number, _as_far_as_it_goes(image, number - 1)
        raise Unreadable(ErrorCode.CORRUPT, Reason.CUT_OFF) from None
    yield number, grey


def _as_far_as_it_goes(image: ImageFile.ImageFile, index: int) -> Image.Image:
    """Decode a frame that is cut off; Pillow leaves the rest black."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.seek(index)
        grey = to_grey(image)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return grey.crop(grey.getbbox())


def _animation(image: ImageFile.ImageFile) -> Iterator[tuple[int, Image.Image]]:
    """Give evenly chosen frames that differ from the one given before."""
    count = _count(image)
    before: Image.Image | None = None
    for index in sorted({step * count // _ANIMATION_FRAMES for step in range(_ANIMATION_FRAMES)}):
        image.seek(index)
        grey = to_grey(image)
        small = grey.resize((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BOX)
        if before is None or extremes(ImageChops.difference(small, before))[1] > _SAME:
            before = small
            yield index + 1, grey


def _count(image: ImageFile.ImageFile) -> int:
    """Count an animation's frames; behind a JPEG there are only a camera's depth and gain maps."""
    count: int = getattr(image, "n_frames", 1)
    return count if image.format in {"GIF", "PNG", "WEBP"} else 1


@contextmanager
def _failures() -> Iterator[None]:
    """Say in our terms why Pillow gave up."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.IMAGE_PIXELS) from error
    except _DAMAGED as error:
        raise Unreadable(ErrorCode.CORRUPT) from error
