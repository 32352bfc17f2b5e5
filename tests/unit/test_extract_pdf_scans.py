"""PDF pages that need OCR, wholly or in part, and those that do not."""

from pathlib import Path

import pytest
from PIL import Image

from services.extraction.content import Facts, Heavy, Item, Limits, Notice, Page, Warn
from services.extraction.extractors import pdf_scan
from services.extraction.extractors.pdf import extract_pdf
from services.extraction.ocr import Recognised
from tests.support.pdf_documents import (
    COMPOSITE,
    WITH_PICTURE,
    as_picture,
    codes,
    composite_font,
    document,
    hidden,
    lines,
    misnamed_font,
    picture_object,
    placed,
)

LETTER = (
    "Dear Sir or Madam,",
    "thank you for the letter of last week about the garden.",
    "We will repair the fence before the end of the month.",
    "With kind regards from all of us",
)
SCAN = picture_object(as_picture(document(lines(*LETTER, step=40))))
GREY = picture_object(Image.new("L", (300, 400), 200))


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    return [item for item in extract_pdf(source, limits or Limits()) if not isinstance(item, Facts)]


def page_of(items: list[Item]) -> Page:
    (page,) = (item for item in items if isinstance(item, Page))
    return page


def words(text: str) -> list[str]:
    return text.split()


@pytest.fixture
def no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Recognised:
        raise AssertionError("OCR was asked")

    monkeypatch.setattr(pdf_scan, "recognise", refuse)


def test_a_scan_is_read_after_saying_that_it_takes_long(tmp_path: Path) -> None:
    items = read(tmp_path, document(placed(), resources=WITH_PICTURE, objects=[SCAN]))
    assert items[0] == Heavy()
    page = page_of(items)
    assert words(page.text) == words(" ".join(LETTER))
    assert page.ocr
    assert page.quality > 0.8


def test_a_document_says_once_that_it_takes_long(tmp_path: Path) -> None:
    items = read(tmp_path, document(placed(), placed(), resources=WITH_PICTURE, objects=[SCAN]))
    assert items.count(Heavy()) == 1


def test_a_scan_under_a_digital_header_loses_neither(tmp_path: Path) -> None:
    content = placed(40, 40, 500, 640) + lines("Ministry of Gardens, file 4711-Zx9", top=750)
    page = page_of(read(tmp_path, document(content, resources=WITH_PICTURE, objects=[SCAN])))
    assert words(page.text) == words(f"Ministry of Gardens, file 4711-Zx9 {' '.join(LETTER)}")
    assert page.ocr


def test_a_digital_footer_follows_the_scan_it_stands_under(tmp_path: Path) -> None:
    content = placed(40, 100, 500, 640) + lines("Received on 1 May 2026", top=50)
    page = page_of(read(tmp_path, document(content, resources=WITH_PICTURE, objects=[SCAN])))
    assert words(page.text) == words(f"{' '.join(LETTER)} Received on 1 May 2026")


@pytest.mark.usefixtures("no_ocr")
def test_a_sound_text_layer_behind_a_scan_is_taken_as_it_is(tmp_path: Path) -> None:
    layer = lines(*LETTER, *LETTER, step=40)
    made = document(hidden(layer) + placed(), resources=WITH_PICTURE, objects=[SCAN])
    assert page_of(read(tmp_path, made)) == Page("\n".join([*LETTER, *LETTER]))


def test_a_short_sound_layer_behind_a_scan_is_not_doubled(tmp_path: Path) -> None:
    made = document(hidden(lines(*LETTER, step=40)) + placed(), resources=WITH_PICTURE, objects=[SCAN])
    assert words(page_of(read(tmp_path, made)).text) == words(" ".join(LETTER))


def test_a_botched_text_layer_behind_a_scan_is_replaced(tmp_path: Path) -> None:
    garbage = hidden(lines("Xqzt wrtz pkl mnbv ghjk xcvb trwq plkj hgfd zxcv bnmq wrtp", "kjhg fdsp qwrt"))
    page = page_of(read(tmp_path, document(garbage + placed(), resources=WITH_PICTURE, objects=[SCAN])))
    assert words(page.text) == words(" ".join(LETTER))
    assert page.ocr


@pytest.mark.usefixtures("no_ocr")
def test_pages_without_anything_to_see_are_not_read_by_ocr(tmp_path: Path) -> None:
    blank = document(placed(), b"1 g 0 0 612 792 re f", resources=WITH_PICTURE, objects=[GREY])
    assert read(tmp_path, blank) == [Page(""), Page("")]


@pytest.mark.usefixtures("no_ocr")
def test_small_pictures_beside_text_are_left_alone(tmp_path: Path) -> None:
    made = document(placed(450, 700, 120, 60) + lines("words"), resources=WITH_PICTURE, objects=[SCAN])
    assert read(tmp_path, made) == [Page("words")]


def test_a_photograph_beside_text_is_no_reason_for_a_warning(tmp_path: Path) -> None:
    photograph = picture_object(Image.linear_gradient("L").resize((400, 400)))
    made = document(placed(40, 40, 500, 500) + lines("words", top=700), resources=WITH_PICTURE, objects=[photograph])
    assert read(tmp_path, made) == [Heavy(), Page("words")]


def test_a_page_that_ocr_finds_nothing_on_says_so(tmp_path: Path) -> None:
    photograph = picture_object(Image.linear_gradient("L").resize((400, 400)))
    items = read(tmp_path, document(placed(), resources=WITH_PICTURE, objects=[photograph]))
    assert items == [Heavy(), Notice(Warn.OCR_NO_TEXT), Page("", quality=0.0)]


def test_text_drawn_as_shapes_is_read(tmp_path: Path) -> None:
    bars = b"".join(b"%d 300 20 200 re f " % left for left in range(100, 500, 40))
    assert read(tmp_path, document(bars))[0] == Heavy()


def test_glyphs_that_mean_nothing_are_read_as_they_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_scan, "recognise", lambda *_, **__: Recognised("As it looks", 0.9))
    made = document(codes(*range(300, 340)) + b"0 0 300 300 re f", resources=COMPOSITE, objects=composite_font(None))
    assert page_of(read(tmp_path, made)) == Page("As it looks", ocr=True, quality=0.9)


def test_letters_that_are_called_private_characters_are_read_as_they_look(tmp_path: Path) -> None:
    content = lines(*LETTER, step=40).replace(b"/F1", b"/F2")
    page = page_of(read(tmp_path, document(content, resources=COMPOSITE, objects=misnamed_font())))
    assert words(page.text) == words(" ".join(LETTER))
    assert page.ocr


def test_the_better_of_two_bad_readings_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_scan, "recognise", lambda *_, **__: Recognised("?", 0.05))
    odd = "Xqzt wrtz pkla mnbv ghjk xcvb trwa plka hgfa zaxc banm wert"
    page = page_of(read(tmp_path, document(lines(odd) + b"0 0 300 300 re f")))
    assert (page.text, page.ocr) == (odd, False)


def test_a_huge_page_is_drawn_within_the_limit_of_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def look(image: Image.Image, *_: object, **__: object) -> Recognised:
        sizes.append(image.width * image.height)
        return Recognised("", 0.0)

    monkeypatch.setattr(pdf_scan, "recognise", look)
    huge = document(b"0 0 9000 9000 re f").replace(b"[0 0 612 792]", b"[0 0 14400 14400]")
    read(tmp_path, huge, Limits(pixels=1_000_000))
    assert sizes[0] == pytest.approx(1_000_000, rel=0.01)


@pytest.mark.parametrize("resolution", [72, 250, 1_200])
def test_a_scan_is_drawn_at_its_own_resolution_within_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolution: int
) -> None:
    seen = []

    def look(_: Image.Image, __: Limits, *, dpi: int) -> Recognised:
        seen.append(dpi)
        return Recognised("", 0.0)

    monkeypatch.setattr(pdf_scan, "recognise", look)
    picture = Image.new("1", (resolution * 2, resolution * 2), 1)
    picture.paste(0, (0, 0, resolution, resolution))
    read(tmp_path, document(placed(0, 0, 144, 144), resources=WITH_PICTURE, objects=[picture_object(picture)]))
    assert seen == [min(max(resolution, 200), 300)]
