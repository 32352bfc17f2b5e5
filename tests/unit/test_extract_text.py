"""Decoding and cleaning text, and the formats that are text."""

import base64
import hashlib
from pathlib import Path

import pytest

from services.extraction.content import Limits, Page
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.delimited import extract_csv, extract_tsv
from services.extraction.extractors.hyphens import join_hyphenated
from services.extraction.extractors.json_text import extract_json, indent
from services.extraction.extractors.markdown import extract_markdown
from services.extraction.extractors.plain import extract_plain
from services.extraction.text import clean, codec_of, decode_file, detect_encoding, detect_language

registry.load_all()

UMLAUTS = "Grüße aus Köln, schöne Straße, übermäßig viele Äpfel und Öfen für Bäcker. " * 3
LIMITS = Limits(block_characters=100)


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_text_is_decoded_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    source = written(tmp_path, UMLAUTS.encode(encoding))
    assert clean("".join(decode_file(source))) == UMLAUTS


def test_utf8_is_recognised_when_its_first_special_letter_comes_late(tmp_path: Path) -> None:
    source = written(tmp_path, b"a" * (3 << 20) + "ü".encode())
    assert detect_encoding(source) == "utf-8"


def test_a_letter_on_the_edge_of_two_pieces_survives(tmp_path: Path) -> None:
    source = written(tmp_path, b"a" * ((1 << 20) - 1) + "ü!".encode())
    assert "".join(decode_file(source)).endswith("aü!")


def test_bytes_that_fit_no_encoding_do_not_stop_the_reading(tmp_path: Path) -> None:
    source = written(tmp_path, bytes(range(256)) * 20)
    assert "".join(decode_file(source))


def test_clean_text_is_nfc_without_control_characters_and_lone_surrogates() -> None:
    assert clean("e\u0301\0a\x07\ud800b\ufeffc\x0bd\re\tf\r\ng\u2028h") == "\xe9abc\nd\ne\tf\ng\nh"


PROSE = {
    "en": "The committee met on Tuesday to discuss the budget for the coming year, and several members asked why.",
    "de": "Der Ausschuss trat am Dienstag zusammen, um den Haushalt für das kommende Jahr in Ruhe zu beraten.",
    "fr": "La commission s'est réunie mardi pour discuter du budget de l'année prochaine avec tous ses membres.",
    "es": "La comisión se reunió el martes para discutir el presupuesto del próximo año con todos sus miembros.",
    "it": "La commissione si è riunita martedì per discutere il bilancio del prossimo anno con tutti i membri.",
    "nl": "De commissie kwam dinsdag bijeen om de begroting voor het komende jaar met alle leden te bespreken.",
    "pl": "Komisja zebrała się we wtorek, aby omówić budżet na nadchodzący rok ze wszystkimi swoimi członkami.",
    "ru": "Комитет собрался во вторник, чтобы обсудить бюджет на следующий год со всеми своими участниками.",  # noqa: RUF001
    "el": "Η επιτροπή συνεδρίασε την Τρίτη για να συζητήσει τον προϋπολογισμό του επόμενου έτους με όλα τα μέλη.",  # noqa: RUF001
    "ja": "委員会は火曜日に会合を開き、来年の予算について議論した。数人の委員が費用について質問した。" * 2,
}


@pytest.mark.parametrize("language", PROSE)
def test_the_language_of_prose_is_told_and_of_a_few_words_not(language: str) -> None:
    assert detect_language(PROSE[language] * 3) == language
    assert detect_language(PROSE[language][:80]) is None


@pytest.mark.parametrize(
    "text",
    [
        " ".join(str(number * 7919) for number in range(200)),
        base64.b64encode(hashlib.sha512(b"x").digest() * 9).decode(),
        hashlib.sha512(b"x").hexdigest() * 4,
        "for (i = 0; i < n; i++) { a[i] = f(b[i]); if (!a[i]) return null; }\n" * 9,
        "    self._x[i] += f(a_b, key=1) * g(x)[0]  # 2\n" * 9,
        '{"id": 17, "values": [1, 2, 3], "key": "k17"}\n' * 9,
        "| 17 | 0.25 |\n" * 40,
        "Anna Müller\nJan Kowalski\nMaría García\n" * 9,
        "ACGTTGCA" * 60,
        "+-*/ " * 90,
    ],
)
def test_wordless_text_has_no_language(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus München, schöne Straße", "cp1252"),
        ("“quoted” text…", "cp1252"),
        ("Łódź i Kraków są piękne", "cp1250"),
        ("Příliš žluťoučký kůň", "cp1250"),
        ("Où êtes-vous allé ? L'élève a été reçu à l'école.", "mac-roman"),
        ("Привет мир", "cp1251"),
        ("Привет мир, как дела?", "koi8-r"),
        ("שלום עולם", "cp1255"),
        ("日本語のテキスト", "cp932"),
        ("中文测试文本", "gb18030"),
        ("한국어 텍스트", "cp949"),
    ],
)
def test_the_encoding_of_a_few_words_is_found(tmp_path: Path, text: str, encoding: str) -> None:
    assert "".join(decode_file(written(tmp_path, text.encode(encoding)))) == text


@pytest.mark.parametrize(
    ("label", "codec"),
    [("latin1", "cp1252"), (" GB2312 ", "gb18030"), ("x-sjis", "cp932"), ("utf8", "utf-8"), ("zlib", None)]
    + [(label, None) for label in ("", "none such", "a\0b", "punycode", "unicode_escape", "base64", "rot13")],
)
def test_labels_name_encodings_and_nothing_else(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_plain_text_is_cut_between_lines_and_loses_nothing(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 101))
    pages = list(extract_plain(written(tmp_path, text.encode()), LIMITS))
    assert "".join(page.text for page in pages) == text
    assert all(len(page.text) <= 100 and page.text.endswith("\n") for page in pages)
    assert pages[0].label == "lines 1-13"
    assert pages[-1].label is not None
    assert pages[-1].label.endswith("-100")


def test_one_endless_line_is_cut_and_stays_one_line(tmp_path: Path) -> None:
    pages = list(extract_plain(written(tmp_path, b"x" * 1050), LIMITS))
    assert [len(page.text) for page in pages] == [100] * 10 + [50]
    assert {page.label for page in pages} == {"lines 1-1"}


def test_an_empty_text_has_no_pages(tmp_path: Path) -> None:
    assert list(extract_plain(written(tmp_path, b""), LIMITS)) == []


def test_markdown_is_cut_at_headings_that_are_not_inside_code(tmp_path: Path) -> None:
    text = f"# One\n{'a' * 60}\n```\n# no heading\n```\n## Two ##\nb\n"
    pages = list(extract_markdown(written(tmp_path, text.encode()), LIMITS))
    assert [page.label for page in pages] == ["One", "Two"]
    assert "".join(page.text for page in pages) == text


def test_json_is_indented_without_changing_what_it_says() -> None:
    text = '{"a":1.10,"a":[],"b":[{},{"c":12345678901234567890123}],"d":"\\u00e9\\n\\"}"}'
    assert indent(text).splitlines() == [
        "{",
        '  "a": 1.10,',
        '  "a": [],',
        '  "b": [',
        "    {},",
        "    {",
        '      "c": 12345678901234567890123',
        "    }",
        "  ],",
        '  "d": "é\\n\\"}"',
        "}",
    ]


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a": nonsense', b"\xff\xfe"])
def test_json_that_cannot_be_read_is_shown_as_it_is(tmp_path: Path, content: bytes) -> None:
    pages = list(extract_json(written(tmp_path, content), Limits()))
    assert "".join(page.text for page in pages) == content.decode("utf-16" if content[0] == 0xFF else "utf-8")


def test_csv_becomes_tables_that_repeat_the_header(tmp_path: Path) -> None:
    rows = "".join(f"{number},name {number}\n" for number in range(20))
    pages = list(extract_csv(written(tmp_path, f"id,name\n{rows}".encode()), LIMITS))
    assert len(pages) > 1
    assert all(page.text.startswith("| id | name |\n| --- | --- |\n") for page in pages)
    assert "".join(page.text for page in pages).count("| name ") == 20 + len(pages)
    assert pages[0].label == f"rows 2-{pages[0].text.count(chr(10))}"


@pytest.mark.parametrize("hint", [b"sep=;\r\n", b'\xef\xbb\xbf"sep=;"\n'])
def test_a_line_that_names_the_delimiter_is_no_row(tmp_path: Path, hint: bytes) -> None:
    (page,) = extract_csv(written(tmp_path, hint + b"a,b;c\n1;2\n"), Limits())
    assert page.text == "| a,b | c |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_any_usual_delimiter_has_its_columns(tmp_path: Path, delimiter: str) -> None:
    text = f'a{delimiter}b\n"x{delimiter}y"{delimiter}"two\nlines"\n'
    (page,) = extract_csv(written(tmp_path, text.encode()), Limits())
    cell = "x\\|y" if delimiter == "|" else " ".join(f"x{delimiter}y".split())
    assert page.text.splitlines() == ["| a | b |", "| --- | --- |", f"| {cell} | two lines |"]


def test_a_table_of_one_row_and_one_with_ragged_rows_are_tables_too(tmp_path: Path) -> None:
    assert list(extract_csv(written(tmp_path, b"a,b\n"), Limits())) == [Page("| a | b |\n| --- | --- |", label="row 1")]
    (page,) = extract_tsv(written(tmp_path, b"a\tb\n1\n1\t2\t3\n"), Limits())
    assert page.text.splitlines()[2:] == ["| 1 |  |  |", "| 1 | 2 | 3 |"]


def test_broken_words_are_joined_unless_the_hyphen_belongs_to_them() -> None:
    text = "exam\x02ple well\x02known U\x02net VGG\x0216 JGR\ufffe\r\nPlanets self-made self\x02made"
    assert join_hyphenated(text) == "example wellknown U-net VGG-16 JGR-Planets self-made self-made"


def test_one_broken_byte_does_not_change_all_other_letters(tmp_path: Path) -> None:
    source = written(tmp_path, UMLAUTS.encode() + b"\xed\xa0\x80\xff" + UMLAUTS.encode())
    assert "".join(decode_file(source)).replace("\ufffd", "") == UMLAUTS * 2


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_recognised_without_its_mark(tmp_path: Path, encoding: str) -> None:
    source = written(tmp_path, UMLAUTS.encode(encoding))
    assert detect(source, ".txt").media_type == "text/plain"
    assert "".join(decode_file(source)) == UMLAUTS


@pytest.mark.parametrize(
    ("content", "is_text"),
    [(b"line one\0 and two\x01\n", True), (b"", True), (b"\0" * 100, False), (b"a\0\0\0" * 100, False)],
)
def test_some_nuls_do_not_make_text_binary(tmp_path: Path, content: bytes, is_text: bool) -> None:
    assert (detect(written(tmp_path, content), ".log").media_type == "text/plain") is is_text


@pytest.mark.parametrize("suffix", [".xml", ".yaml", ".log", ".jsonl", ".py", ".c", ".sql", ".ini", ".svg"])
def test_kinds_of_text_without_a_reader_of_their_own_are_shown_as_they_are(tmp_path: Path, suffix: str) -> None:
    text = '<?xml version="1.0"?>\n<a b="1">ü</a>\n{"c": 2}\n'
    source = written(tmp_path, text.encode())
    found = registry.find(detect(source, suffix).media_type)
    assert found is not None
    assert [item.text for item in found.extract(source, Limits()) if isinstance(item, Page)] == [text]


def test_a_quote_that_is_never_closed_costs_no_rows(tmp_path: Path) -> None:
    rows = "".join(f"{number},name {number}\n" for number in range(60))
    source = written(tmp_path, f'id,name\n1,"2\n{rows}'.encode())
    text = "".join(page.text for page in extract_csv(source, Limits(page_characters=500)))
    assert '| 1 | "2 |' in text
    assert all(f"| {number} | name {number} |" in text for number in range(60))
