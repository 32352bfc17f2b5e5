"""Recognition of text in pictures: whatever a picture is like, what is written on it comes out, and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable
from difflib import SequenceMatcher

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageOps

from services.extraction.content import Limits, Warn
from services.extraction.ocr import Recognised, recognise
from services.extraction.ocr.languages import of_script, relatives
from services.extraction.ocr.layout import text_of
from services.extraction.ocr.tesseract import Line
from tests.support.scan_documents import ENGLISH, GERMAN, GREEK, POLISH, RUSSIAN, written


def read(image: Image.Image, *languages: str) -> Recognised:
    return recognise(image, Limits(ocr_languages=languages) if languages else Limits())


def words(image: Image.Image, *languages: str) -> str:
    return " ".join(read(image, *languages).text.split())


def reads(image: Image.Image, text: str, *languages: str) -> bool:
    """Whether at most one character in fifty is wrong: Tesseract's versions differ in an ``s`` that may be an ``S``."""
    return SequenceMatcher(None, words(image, *languages), text, autojunk=False).ratio() > 0.98


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, POLISH, RUSSIAN])
def test_a_text_is_read_in_its_own_language(text: str) -> None:
    assert reads(written(text), text)


def test_a_few_words_are_read_in_the_language_that_is_surest_of_them() -> None:
    assert words(written("Größe und Übermaß")) == "Größe und Übermaß"


def test_english_words_in_a_text_of_another_script_are_read() -> None:
    text = RUSSIAN[:120] + " The quick brown fox jumps over lazy dogs."
    assert reads(written(text), text)


def test_a_paragraph_of_another_script_on_a_page_is_read() -> None:
    text = f"{ENGLISH[:60]}\n{ENGLISH[60:120]}\n\n{RUSSIAN[:58]}"
    assert RUSSIAN[:58] in words(written(text))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_read_upright(turn: int) -> None:
    assert reads(written(GERMAN).rotate(turn, expand=True), GERMAN)


def test_a_few_words_upside_down_are_read_although_there_are_too_few_to_tell_how_they_stand() -> None:
    assert words(written("Exit only").rotate(180)) == "Exit only"


@pytest.mark.parametrize("skew", [-15, -6, 4, 12])
def test_a_skewed_picture_is_straightened(skew: int) -> None:
    skewed = written(ENGLISH).rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert reads(skewed, ENGLISH)


def test_white_writing_on_black_is_read() -> None:
    assert reads(ImageOps.invert(written(ENGLISH)), ENGLISH)


@pytest.mark.parametrize("ink", [0, 255])
def test_writing_on_a_transparent_ground_is_read_whatever_its_colour(ink: int) -> None:
    letters = ImageOps.invert(written(ENGLISH))
    clear = Image.new("LA", letters.size, (ink, 0))
    clear.putalpha(letters)
    assert reads(clear.convert("RGBA"), ENGLISH)


def in_mode(mode: str) -> Image.Image:
    page = written(ENGLISH)
    return (
        page.convert("RGB").quantize(4)
        if mode == "P"
        else page.convert("RGB" if mode == "CMYK" else mode).convert(mode)
    )


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LA", "RGBA", "YCbCr"])
def test_every_way_to_store_colours_is_read(mode: str) -> None:
    assert reads(in_mode(mode), ENGLISH)


@pytest.mark.parametrize(("mode", "step"), [("I;16", 16), ("I", 257), ("F", 1 / 255)])
def test_deep_pictures_that_use_a_part_of_their_range_are_read(mode: str, step: float) -> None:
    deep = written(ENGLISH).convert("F").point(lambda value: value * step + 100)
    assert reads(deep.convert("I").convert(mode) if mode != "F" else deep, ENGLISH)


def test_letters_of_a_small_screenshot_are_read() -> None:
    assert reads(written(ENGLISH, size=11), ENGLISH)


def test_a_very_large_picture_is_read() -> None:
    page = written(ENGLISH, size=40)
    assert reads(page.resize((page.width * 4, page.height * 4)), ENGLISH)


def test_speckles_of_a_fax_do_not_disturb() -> None:
    page = written(ENGLISH, size=20)
    speckled = ImageChops.add(page, Image.effect_noise(page.size, 45), 2).convert("1", dither=Image.Dither.NONE)
    assert reads(speckled, ENGLISH)


def test_columns_are_read_one_after_the_other() -> None:
    left, right = written(ENGLISH, width=36), written(GERMAN, width=36)
    page = Image.new("L", (left.width + right.width + 60, max(left.height, right.height)), 255)
    page.paste(left, (0, 0))
    page.paste(right, (left.width + 60, 0))
    text = words(page)
    assert text.index("brotherhood") < text.index("Alle Menschen")


def test_cells_of_a_table_are_parted_by_tabs() -> None:
    rows = [
        "Region          Units          Sum",
        "North           1000           250",
        "South           1037           791",
    ]
    text = read(written("\n".join(rows), size=24)).text
    assert [line.split("\t") for line in text.splitlines() if line] == [row.split() for row in rows]


def test_a_word_cut_at_a_lines_end_is_whole_again_and_paragraphs_stay_apart() -> None:
    lines = [("The infor-", True), ("mation is well-", False), ("Known.", False), ("Next.", True)]
    text = text_of([Line(text, 90, (0, 0, 1, 1), begins) for text, begins in lines])
    assert text == "The information is well-Known.\n\nNext."


def noise() -> Image.Image:
    return Image.effect_noise((300, 200), 120)


def clouds() -> Image.Image:
    return Image.effect_noise((40, 30), 120).resize((900, 700), Image.Resampling.BICUBIC)


def checks() -> Image.Image:
    return Image.frombytes("L", (40, 40), bytes(255 * ((i + i // 40) % 2) for i in range(1600))).resize((800, 800), 0)


@pytest.mark.parametrize("picture", [noise, clouds, checks])
def test_a_texture_has_no_text(picture: Callable[[], Image.Image]) -> None:
    assert read(picture()) == Recognised("", 0.0, (Warn.OCR_NO_TEXT,))


@pytest.mark.parametrize("image", [Image.new("L", (32, 32), 128), Image.new("RGB", (1, 1)), Image.new("L", (5000, 4))])
def test_a_picture_on_which_nothing_can_stand_is_answered_without_reading(
    image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.extraction.ocr.tesseract.read_lines", None)
    assert read(image) == Recognised("", 0.0, (Warn.OCR_NO_TEXT,))


def test_a_script_without_a_language_is_said_and_not_guessed_at() -> None:
    assert read(written(GREEK), "eng", "deu") == Recognised("", 0.0, (Warn.OCR_LANGUAGE_MISSING, Warn.OCR_NO_TEXT))
    assert words(written(GREEK), "eng", "ell")[:40] == GREEK[:40]


def test_languages_that_are_not_installed_are_passed_over() -> None:
    assert reads(written(ENGLISH), ENGLISH, "tlh", "eng")
    assert read(written(ENGLISH), "tlh").warnings == (Warn.OCR_LANGUAGE_MISSING,)


def test_unclear_writing_has_a_low_quality_and_says_so() -> None:
    clear, unclear = (read(page) for page in (written(ENGLISH), written(ENGLISH).filter(ImageFilter.GaussianBlur(5.2))))
    assert clear.quality > 0.9
    assert not clear.warnings
    assert unclear.quality < clear.quality
    assert unclear.warnings


def test_scripts_lead_to_the_configured_languages_written_in_them() -> None:
    assert of_script("Cyrillic", ["eng", "rus", "ukr"]) == ["rus", "ukr"]
    assert of_script("Fraktur", ["eng", "rus", "deu"]) == ["eng", "deu"]
    assert of_script("Tibetan", ["eng", "rus"]) == []
    assert relatives("rus+eng", ["eng", "rus", "ukr"]) == ["ukr+eng"]


def test_recognition_uses_one_thread_even_where_the_environment_is_empty() -> None:
    program = (
        "import os; os.environ.clear()\n"
        "from services.extraction.content import Limits\n"
        "from services.extraction.ocr import recognise\n"
        "from tests.support.scan_documents import ENGLISH, written\n"
        "assert recognise(written(ENGLISH), Limits()).text\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "4"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "1"
