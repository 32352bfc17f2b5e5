"""Pictures as documents: frames as pages, what they say of themselves, and files made to do harm."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from services.extraction.content import ErrorCode, Facts, Heavy, Item, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors import images, registry
from services.extraction.media_types import BMP, GIF, JPEG, PNG, TIFF, WEBP
from services.extraction.ocr import Recognised
from tests.support import documents
from tests.support.scan_documents import declared_png, looping_tiff, lying_tiff, saved, several, written

registry.load_all()

REMARKS = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
"""Pillow remarks on tags and data that make no sense; in the child nobody hears it."""

KINDS = {PNG: "PNG", JPEG: "JPEG", GIF: "GIF", BMP: "BMP", WEBP: "WEBP", TIFF: "TIFF"}


def extract(folder: Path, content: bytes, media_type: str, limits: Limits | None = None) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    found = registry.find(media_type)
    assert found
    return list(found.extract(source, limits or Limits()))


def failed(folder: Path, content: bytes, media_type: str) -> tuple[ErrorCode, Reason | None]:
    with pytest.raises(Unreadable) as refused:
        extract(folder, content, media_type)
    return refused.value.code, refused.value.reason


def pages(items: Sequence[Item]) -> dict[int | None, str]:
    return {item.number: item.text for item in items if isinstance(item, Page)}


def seen_by(sizes: list[tuple[int, int]]) -> Callable[[Image.Image, Limits], Recognised]:
    """Stand in for recognition and note how large what it is given is."""

    def recognise(grey: Image.Image, _: Limits) -> Recognised:
        sizes.append(grey.size)
        return Recognised("x", 1.0)

    return recognise


def facts(items: Sequence[Item]) -> Facts:
    (found,) = [item for item in items if isinstance(item, Facts)]
    return found


def page_and_border(text: str, page: int = 255) -> Image.Image:
    """Give a picture whose letters and size differ by text alone."""
    canvas = Image.new("L", (700, 120), page)
    canvas.paste(written(text), (20, 10))
    return canvas


@pytest.mark.parametrize(("media_type", "kind"), KINDS.items())
def test_every_kind_of_picture_is_read(tmp_path: Path, media_type: str, kind: str) -> None:
    items = extract(tmp_path, saved(written("Written down once"), kind), media_type)
    assert pages(items) == {1: "Written down once"}
    (page,) = [item for item in items if isinstance(item, Page)]
    assert page.ocr
    assert 0.8 < page.quality <= 1
    assert items.index(Heavy()) < items.index(page)


@pytest.mark.parametrize("content", [documents.PNG, saved(Image.new("L", (32, 32), 128), "PNG")])
def test_a_picture_without_anything_on_it_is_not_heavy_and_says_so(tmp_path: Path, content: bytes) -> None:
    items = extract(tmp_path, content, PNG)
    assert items[1:] == [Notice(Warn.OCR_NO_TEXT), Page("", number=1, ocr=True, quality=0.0)]


def test_frames_of_a_tiff_are_pages_and_thumbnails_are_none(tmp_path: Path) -> None:
    thumbnail = written("Small one")
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    content = several([written("First page"), written("Second page"), thumbnail], "TIFF", compression="tiff_lzw")
    assert pages(extract(tmp_path, content, TIFF)) == {1: "First page", 2: "Second page"}


def test_no_more_frames_than_pages_are_asked_for_and_one_that_tells_there_are_more(tmp_path: Path) -> None:
    content = several([Image.new("L", (9, 9), grey) for grey in range(9)], "TIFF")
    assert list(pages(extract(tmp_path, content, TIFF, Limits(pages=3)))) == [1, 2, 3, 4]


@pytest.mark.parametrize(("media_type", "kind"), [(GIF, "GIF"), (WEBP, "WEBP"), (PNG, "PNG")])
def test_of_an_animation_frames_that_differ_are_read(tmp_path: Path, media_type: str, kind: str) -> None:
    first, second = page_and_border("Now you see"), page_and_border("Now you do not")
    items = extract(tmp_path, several([first, first.copy(), second, second.copy()], kind, duration=100), media_type)
    assert set(pages(items).values()) == {"Now you see", "Now you do not"}


def test_of_a_long_animation_twenty_frames_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "recognise", lambda *_: Recognised("x", 1.0))
    frames = [Image.linear_gradient("L").rotate(90 * (number % 2)) for number in range(60)]
    items = extract(tmp_path, several(frames, "GIF", duration=20), GIF)
    assert list(pages(items)) == list(range(1, 61, 3))
    assert Notice(Warn.TRUNCATED_PAGES) in items


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    monkeypatch.setattr(images, "recognise", seen_by(sizes))
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    extract(tmp_path, saved(Image.linear_gradient("L").resize((60, 40)), "JPEG", exif=exif), JPEG)
    assert sizes == [(40, 60)]


def test_a_picture_tells_its_title_author_and_time(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.ImageDescription], exif[Base.Artist], exif[Base.DateTime] = "A title", "Ada", "2026:01:02 03:04:05"
    blank = Image.new("L", (20, 20))
    for kind, media_type in (("JPEG", JPEG), ("WEBP", WEBP), ("PNG", PNG)):
        found = facts(extract(tmp_path, saved(blank, kind, exif=exif), media_type))
        assert found == Facts(title="A title", author="Ada", created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_the_time_a_picture_was_taken_comes_before_the_time_its_file_was_made(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.DateTime] = "2026:01:02 03:04:05"
    exif.get_ifd(IFD.Exif).update(
        {Base.DateTimeOriginal: "2025:05:06 07:08:09", Base.OffsetTimeOriginal: "+02:00"},
    )
    found = facts(extract(tmp_path, saved(Image.new("L", (20, 20)), "JPEG", exif=exif), JPEG))
    assert found.created_at
    assert found.created_at.isoformat() == "2025-05-06T07:08:09+02:00"


def test_text_chunks_of_a_png_are_read_and_senseless_times_are_none(tmp_path: Path) -> None:
    chunks = PngInfo()
    chunks.add_text("Title", "A title")
    exif = Image.Exif()
    exif[Base.DateTime] = "0000:00:00 00:00:00"
    found = facts(extract(tmp_path, saved(Image.new("L", (20, 20)), "PNG", pnginfo=chunks, exif=exif), PNG))
    assert found == Facts(title="A title")


@pytest.mark.parametrize(("media_type", "kind"), [(JPEG, "JPEG"), (PNG, "PNG"), (BMP, "BMP"), (TIFF, "TIFF")])
def test_of_a_picture_cut_off_the_part_that_is_there_is_read(tmp_path: Path, media_type: str, kind: str) -> None:
    tall = Image.effect_noise((400, 600), 3)
    for top in (0, 520):  # a BMP begins at its lower edge
        tall.paste(written("It begins well"), (0, top))
    content = saved(tall, kind)
    source = tmp_path / "source"
    source.write_bytes(content[: len(content) // 2])
    found = registry.find(media_type)
    assert found
    items = found.extract(source, Limits())
    assert next(item for item in items if isinstance(item, Page)).text.startswith("It begins well")
    with pytest.raises(Unreadable) as refused:
        next(items)
    assert (refused.value.code, refused.value.reason) == (ErrorCode.CORRUPT, Reason.CUT_OFF)


@pytest.mark.parametrize("pixels", [(60_000, 60_000), (20_000, 8_000), (10_500, 10_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path, pixels: tuple[int, int]) -> None:
    refused = (ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.IMAGE_PIXELS)
    assert failed(tmp_path, declared_png(*pixels), PNG) == refused


@REMARKS
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, PNG),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 500, JPEG),
        (b"GIF89a" + b"\xff" * 20, GIF),
        (b"BM" + b"\xff" * 100, BMP),
        (b"RIFF\x20\0\0\0WEBPVP8 " + b"\0" * 20, WEBP),
        (b"II*\0\xff\xff\xff\x7f", TIFF),
        (lying_tiff(), TIFF),
        (saved(Image.new("L", (30, 30)), "PNG"), JPEG),
    ],
)
def test_what_is_no_picture_or_not_of_its_kind_is_corrupt(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert failed(tmp_path, content, media_type)[0] is ErrorCode.CORRUPT


def test_a_tiff_that_names_itself_as_its_next_page_has_one(tmp_path: Path) -> None:
    assert len(pages(extract(tmp_path, looping_tiff(), TIFF))) == 1


@REMARKS
def test_damaged_metadata_costs_a_warning_and_not_the_text(tmp_path: Path) -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\xff\xff\xff\xff\0\0\0\0"
    items = extract(tmp_path, saved(written("Still here"), "JPEG", exif=exif), JPEG)
    assert "Still here" in pages(items).values()


def test_a_jpeg_with_a_second_picture_behind_it_is_one_page(tmp_path: Path) -> None:
    content = several([written("The photograph"), written("Its depth map")], "MPO")
    assert pages(extract(tmp_path, content, JPEG)) == {1: "The photograph"}


def test_nothing_but_the_detected_kind_is_ever_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = Image.open

    def spy(file: Path, **options: object) -> Image.Image:
        opened.append(options)
        return real(file, formats=["PNG"])

    monkeypatch.setattr(Image, "open", spy)
    extract(tmp_path, saved(Image.new("L", (30, 30)), "PNG"), PNG)
    assert opened == [{"formats": ["PNG"]}]


def test_a_large_photograph_is_decoded_at_a_part_of_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    monkeypatch.setattr(images, "recognise", seen_by(sizes))
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((9_000, 8_000)).save(buffer, "JPEG")
    extract(tmp_path, buffer.getvalue(), JPEG)
    assert sizes == [(4_500, 4_000)]
