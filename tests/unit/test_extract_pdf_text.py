"""The judgement of a PDF's text layer, running headers, and words broken at the ends of lines."""

from pathlib import Path

import pytest

from services.extraction.content import Limits, Page
from services.extraction.extractors.pdf import extract_pdf
from services.extraction.extractors.pdf_quality import USABLE, text_quality
from tests.support.pdf_documents import COMPOSITE, document, lines, square_font

ENGLISH = "All the work was done by hand, and nobody asked why it had taken them so long to finish it. "
SOUND = [
    ENGLISH * 3,
    "Größere Übungen müssen außerhalb der Öffnungszeiten ausgeführt werden, sagte der Bürgermeister. " * 2,
    "Zażółć gęślą jaźń, a potem wróć do domu przed zmrokiem, bo będzie zimno. " * 2,
    "Ve čtvrtek vlk zmlkl. Příliš žluťoučký kůň úpěl ďábelské ódy a všichni ostatní mlčeli. " * 2,
    "Съешь же ещё этих мягких французских булок, да выпей же чаю и мёдом. " * 2,
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία και προχωρώ προς τη θάλασσα το πρωί. " * 2,
    "Tất cả mọi người sinh ra đều có quyền bình đẳng. Tạo hóa cho họ những quyền không ai có thể xâm phạm. " * 2,
    "我们的产品在全球市场上取得了很大的成功。" * 5,
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. " * 3,
    "| 2024 | 1,200.50 | 13 % |\n| 2025 | 1,300.75 | 8 % |\n" * 10,
    "def sqrt(x: float) -> float:\n    return x ** 0.5  # str, fmt, ctx, mgr\n" * 6,
    "HTTP, HTML, XML, CSS, JSON, SMTP, RSVP, BMW, GmbH, ISBN 978-3-16-148410-0\n" * 5 + ENGLISH,
    "Let a b and c be such that x + y = z and f(x) = a x^2 + b x + c for all x in R.\n" * 5,
    "12",
]


@pytest.mark.parametrize("text", SOUND)
def test_text_of_any_language_and_kind_is_usable(text: str) -> None:
    assert text_quality(text) >= USABLE


def shifted(text: str, by: int) -> str:
    """Give what a subset font without a character map makes of a text."""
    return "".join(chr(ord(letter) + by) if letter != " " else " " for letter in text)


BROKEN = [
    shifted(ENGLISH * 3, 3),
    shifted(ENGLISH * 3, -29),
    shifted(ENGLISH * 3, 0xF000),
    "Съешь же ещё этих мягких французских булок, да выпей же чаю. ".encode("cp1251").decode("cp1252") * 3,
    " ".join(ENGLISH.replace(" ", "")) * 2,
    "\ufffd" * 200,
    "~ ^ words \\ ' » ; of _ ? ¬ a ) scan ( ¦ { ! badly ] read » ` ° § ¨ , " * 4,
    "xkcd qwrtz bcdfg hjklm npqrs tvwxz " * 5,
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_only_looks_like_text_is_not_usable(text: str) -> None:
    assert text_quality(text) < USABLE


def test_a_page_of_guessed_characters_is_not_usable() -> None:
    assert text_quality(ENGLISH, unmapped=0.5) == 0
    assert text_quality(ENGLISH, unmapped=0.05) == pytest.approx(0.9)


def test_a_long_page_is_judged_by_its_beginning_its_middle_and_its_end() -> None:
    assert text_quality(ENGLISH * 100 + shifted(ENGLISH, -29) * 20) < 1
    assert text_quality(ENGLISH * 1_000) == 1


NAMES = "first", "second", "third", "fourth"


def read(folder: Path, content: bytes) -> list[str]:
    source = folder / "source"
    source.write_bytes(content)
    return [item.text for item in extract_pdf(source, Limits()) if isinstance(item, Page)]


def book(*bodies: str, header: str = "Annual report", footer: str = "Page {} of 4", top: int = 760) -> bytes:
    pages = enumerate(bodies, 1)
    return document(
        *(
            lines(header.format(number), top=top) + lines(body, top=600) + lines(footer.format(number), top=30)
            for number, body in pages
        )
    )


def test_running_headers_and_footers_stand_once(tmp_path: Path) -> None:
    pages = read(tmp_path, book("one", "two", "three", "four"))
    assert pages == ["Annual report\none\nPage 1 of 4", "two", "three", "four"]


def test_headers_of_left_and_right_pages_stand_once_each(tmp_path: Path) -> None:
    made = document(
        *(
            lines(header, top=760) + lines(body, top=600)
            for header, body in zip(["Left", "Right"] * 2, NAMES, strict=True)
        )
    )
    assert read(tmp_path, made) == ["Left\nfirst", "Right\nsecond", "third", "fourth"]


def test_a_line_that_says_something_new_stays(tmp_path: Path) -> None:
    pages = read(tmp_path, book("one", "two", header="Total {}00", footer="{0}{0}"))
    assert pages == ["Total 100\none\n11", "Total 200\ntwo\n22"]


def test_a_line_that_repeats_inside_the_page_stays(tmp_path: Path) -> None:
    pages = read(tmp_path, book("one", "two", header="Year Sum", top=700, footer="{}"))
    assert pages == ["Year Sum\none\n1", "Year Sum\ntwo"]


def test_a_page_that_holds_nothing_else_keeps_its_lines(tmp_path: Path) -> None:
    assert read(tmp_path, document(lines("Confidential", top=760), lines("Confidential", top=760))) == [
        "Confidential",
        "Confidential",
    ]


def test_endless_numbers_in_a_header_are_no_trap(tmp_path: Path) -> None:
    assert len(read(tmp_path, book("one", "two", header="9" * 5_000))) == 2


def test_columns_read_from_right_to_left_come_in_that_order(tmp_path: Path) -> None:
    columns = ((300, (1, 2, 3, 4, 5)), (280, (6, 7)))
    content = b"".join(
        b"BT /F2 12 Tf %d %d Td <%02x> Tj ET " % (left, 700 - 14 * row, code)
        for left, column in columns
        for row, code in enumerate(column)
    )
    (text,) = read(tmp_path, document(content, resources=COMPOSITE, objects=square_font("日本語文章です")))
    assert "".join(text.split()) == "日本語文章です"


def cells(*rows: str, step: int = 20) -> bytes:
    """Show a table whose columns are far apart, a piece of text per cell."""
    return b"".join(
        lines(cell, top=600 - step * row, left=40 + 120 * column)
        for row, texts in enumerate(rows)
        for column, cell in enumerate(texts.split())
    )


@pytest.mark.parametrize("step", [12, 20])
def test_cells_of_one_digit_stay_apart(tmp_path: Path, step: int) -> None:
    (text,) = read(tmp_path, document(cells("x 7 1", "y 2 2", "z 10 3", step=step)))
    assert text.split() == ["x", "7", "1", "y", "2", "2", "z", "10", "3"]


def test_letters_set_one_by_one_are_still_words(tmp_path: Path) -> None:
    widths = {"W": 11.33, "a": 6.67, "l": 2.67, ".": 3.34, "'": 2.29}
    word = b" ".join(b"(%s) Tj %.2f 0 Td" % (letter.encode(), widths[letter]) for letter in "Wall.'")
    (text,) = read(tmp_path, document(b"BT /F1 12 Tf 40 700 Td " + word + b" ET " + cells("7 1")))
    assert text.split() == ["Wall.'", "7", "1"]
