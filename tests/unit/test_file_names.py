"""Names as shown: kept where they are harmless, never longer, empty or misleading."""

import unicodedata

import pytest

from services.gateway.files.names import FALLBACK, MAX_NAME_BYTES, display_name


@pytest.mark.parametrize(
    "name",
    [
        "report.pdf",
        "Übersicht 中文 한국어.pdf",
        "notes (final) [v2] #1 & more; \"quoted\" 'n' 100%.txt",
        ".gitignore",
        "archive.tar.gz",
        "CON",
        "👩\u200d👩\u200d👧.png",  # joined by U+200D
        "می\u200cخواهم.docx",  # spelt with U+200C  # noqa: RUF001 - Persian, not look-alikes
        "no extension",
    ],
)
def test_a_harmless_name_is_kept(name: str) -> None:
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("/absolute/path.txt", "path.txt"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        ("a\\..\\b.pdf", "b.pdf"),
        ("trailing/", FALLBACK),
        ("", FALLBACK),
        ("   ", FALLBACK),
        ("..", FALLBACK),
        ("/", FALLBACK),
        ("\x00\x01\u202e", FALLBACK),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\x00b\r\nc\x7f\x85.txt", "abc.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("lone\ud800surrogate\udce9.txt", "lonesurrogate.txt"),
        ("hidden\U000e0041\U000e0042.txt", "hidden.txt"),
        ("evil.exe. . .", "evil.exe"),
        ("  spaced.txt  ", "spaced.txt"),
        ("u\u0308ber.txt", "über.txt"),
        ("u\u200b\u0308ber.txt", "über.txt"),
    ],
)
def test_a_misleading_name_is_cleaned(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


@pytest.mark.parametrize("char", ["a", "ü", "中", "👩", "e\u0323\u0302"])
def test_a_long_name_is_cut_between_characters_and_keeps_its_extension(char: str) -> None:
    shown = display_name(char * 5000 + ".pdf")
    size = len(shown.encode())
    assert MAX_NAME_BYTES - 8 <= size <= MAX_NAME_BYTES
    assert shown.endswith(".pdf")
    assert set(shown.removesuffix(".pdf")) == set(unicodedata.normalize("NFC", char))


def test_what_is_no_extension_may_be_cut_off() -> None:
    assert display_name("a." + "b" * 5000) == "a." + "b" * (MAX_NAME_BYTES - 2)


def test_cutting_leaves_no_dots_or_joiners_before_the_extension() -> None:
    assert display_name("x" * 250 + "." * 4000 + ".pdf") == "x" * 250 + ".pdf"
    assert display_name("x" * 248 + "\u200d" * 4000 + ".pdf") == "x" * 248 + ".pdf"
