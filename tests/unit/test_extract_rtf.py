"""RTF: what a word processor shows of it, in every encoding it can be written in, and braces without end."""

import time
from pathlib import Path

import pytest

from services.extraction.content import Facts, Limits, Notice, Page, Warn
from services.extraction.extractors.rtf import extract_rtf
from tests.support.web_documents import rtf


def items_of(folder: Path, content: bytes, limits: Limits | None = None) -> list[object]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_rtf(source, limits or Limits()))


def text_of(folder: Path, body: str) -> str:
    return "\n\n".join(item.text for item in items_of(folder, rtf(body)) if isinstance(item, Page))


def test_every_heading_begins_a_page_that_bears_its_name(tmp_path: Path) -> None:
    body = r"before\par\pard\s1 One\par\pard first\par\pard\s2 Two\par\pard\outlinelevel2{\listtext 1.\tab}Three\par"
    pages = [item for item in items_of(tmp_path, rtf(body)) if isinstance(item, Page)]
    assert [(page.label, page.text) for page in pages] == [
        (None, "before"),
        ("One", "# One\n\nfirst"),
        ("Two", "## Two"),
        ("1. Three", "### 1. Three"),
    ]


def test_a_document_says_what_it_is(tmp_path: Path) -> None:
    info = r"{\info{\title {\upr{T?le}{\*\ud T\u228?le}}}{\author Ada}{\creatim\yr2026\mo1\dy2\hr3\min4}{\doccomm no}}"
    link = r'{\field{\*\fldinst HYPERLINK "http://example.org/a"}{\fldrslt here}}'
    *_, facts = items_of(
        tmp_path, rtf(link + r"{\object{\*\objclass Excel.Sheet.12}{\*\objdata 01}{\result seen}}", info)
    )
    assert isinstance(facts, Facts)
    assert (facts.title, facts.author) == ("Täle", "Ada")
    assert facts.created_at is not None
    assert facts.created_at.isoformat() == "2026-01-02T03:04:00+00:00"
    assert (facts.links, facts.attachments) == (["http://example.org/a"], ["Excel.Sheet.12"])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"a\line b\tab c\~d\_e\-f \{\}\\", "a\nb\tc d-ef {}\\"),
        (r"a\par b\sect c" + "\\\nd", "a\n\nb\n\nc\n\nd"),
        (r"Gr\'fc\'dfe {\f1\'cf\'f0\'e8} {\f2\'93\'fa\'96\'7b}x", "Grüße При 日本x"),
        (r"{\f2\'83\'5c\'83A}", "ソア"),
        (r"\u8364?uro \uc0\u228 x{\uc2\u26085\'93\'fa}\uc1\u-10179?\u-8704?", "€uro äx日😀"),
        (r"\u228 \par b", "ä\n\nb"),
        (r"{\b bold}{\i  and} {\deleted gone}{\v hidden}\deleted gone\plain  back", "bold and hidden back"),
        (r"{\field{\*\fldinst PAGE}{\fldrslt 7}} {\*\bkmkstart x}a{\xe index}{\unknown b}{\*\unknown c}", "7 ab"),
        (r"10{\super 6} s{\super\u8722?9} H\sub 2\nosupersub O m\super 2\plain 7 1{\super st}", "10⁶ s⁻⁹ H₂O m²7 1st"),
        (r"a{\super\chftn{\footnote\pard 42}}", "a [Footnote: 42]"),
        (r"\emdash\endash\bullet\lquote\rquote\ldblquote\rdblquote", "—\u2013•\u2018\u2019“”"),
        (r"a\bin4 }}\{b", "ab"),
    ],
)
def test_text_reads_as_it_is_shown(tmp_path: Path, body: str, text: str) -> None:
    assert text_of(tmp_path, body) == text


def test_lists_keep_their_numbers_and_levels(tmp_path: Path) -> None:
    body = (
        r"{\listtext\'b7\tab}\ilvl0 a\par{\listtext 2.\tab}\ilvl1 b\line c\par{\pntext\f1\'b7\tab}\ilvl0 d\par"
        r"\pard\bullet\tab e\par\pard f\par"
    )
    assert text_of(tmp_path, body) == "- a\n  2. b\n     c\n- d\n- e\n\nf"


def test_tables_keep_their_cells_and_the_tables_inside_them(tmp_path: Path) -> None:
    body = (
        r"\trowd\cellx1\cellx2\pard\intbl A\cell B\cell\row\trowd\pard\intbl 1\par 2\cell\pard\intbl\itap2 a\nestcell"
        r" b\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}c\nestcell{\*\nesttableprops\nestrow}"
        r"\pard\intbl x|y\cell\row\pard after\par"
    )
    assert text_of(tmp_path, body) == "| A | B |\n| --- | --- |\n| 1 2 | a; b c x\\|y |\n\nafter"


def test_a_table_may_end_the_document_or_break_off(tmp_path: Path) -> None:
    table = "| A | B |\n| --- | --- |"
    assert text_of(tmp_path, r"\trowd\pard\intbl A\cell B\cell\row") == table
    assert text_of(tmp_path, r"\trowd\pard\intbl A\cell B\cell\row\pard\par") == table
    assert text_of(tmp_path, r"\trowd\pard\intbl A\cell B") == table


def test_notes_and_comments_stand_where_they_are_referred_to(tmp_path: Path) -> None:
    body = (
        r"a{\super\chftn{\footnote\pard\chftn  one\par two}} b{\footnote\ftnalt end} c{\*\atnid AL}{\*\atnauthor Ada L}"
        r"\chatn{\*\annotation{\*\atnref 5}{\*\atndate 9}why\par} d{\*\annotation who}"
    )
    assert text_of(tmp_path, body) == (
        "a [Footnote: one two] b [Endnote: end] c [Comment by Ada L: why] d [Comment: who]"
    )


def test_headers_and_footers_are_given_once(tmp_path: Path) -> None:
    section = r"{\headerr\pard Head\par}{\footer Foot\par}\pard body\par\sect"
    assert text_of(tmp_path, section * 2) == "Head\n\nbody\n\nbody\n\nFoot"


def test_pictures_show_their_description_and_boxes_their_text_once(tmp_path: Path) -> None:
    description = r"{\sp{\sn wzDescription}{\sv a cat}}{\sp{\sn pib}{\sv {\pict 0102}}}"
    picture = r"{\*\shppict{\pict{\*\picprop" + description + r"}\pngblip 89504e47}}{\nonshppict{\pict 0102}}"
    box = r"{\shp{\*\shpinst\shpleft0{\shptxt boxed\par}}{\shprslt{\*\do{\dptxbxtext boxed}}}}"
    assert text_of(tmp_path, rf"see {picture} {box}here\par") == "boxed\n\nsee  a cat  here"


@pytest.mark.parametrize(
    ("declared", "written", "text"),
    [
        (rb"\ansi\ansicpg1251", rb"\'cf\'f0\'e8", "При"),
        (rb"\ansi\ansicpg932", rb"\'93\'fa", "日"),
        (rb"\ansi\ansicpg65001", "Grüße".encode(), "Grüße"),
        (rb"\mac", rb"\'9f", "ü"),
        (rb"\pc", rb"\'81", "ü"),
        (rb"\ansi\ansicpg99999", rb"\'fc", "ü"),
    ],
)
def test_the_document_names_its_encoding(tmp_path: Path, declared: bytes, written: bytes, text: str) -> None:
    assert items_of(tmp_path, b"{\\rtf1" + declared + b" " + written + b"}")[0] == Page(text)


def test_a_document_that_breaks_off_keeps_its_text_and_says_so(tmp_path: Path) -> None:
    items = items_of(tmp_path, rtf(r"one\par two {\b three")[:-1])
    assert items[0] == Page("one\n\ntwo three")
    assert Notice(Warn.PARTIAL) in items
    assert Notice(Warn.PARTIAL) not in items_of(tmp_path, rtf("one"))


@pytest.mark.parametrize("content", [b"{\\rtf1 a}}}}\\par b", b"{\\rtf1 a\\par b\\", b"{\\rtf1 a\\par b\0\0\\'zz"])
def test_braces_and_escapes_out_of_place_lose_no_text(tmp_path: Path, content: bytes) -> None:
    pages = [item for item in items_of(tmp_path, content) if isinstance(item, Page)]
    assert pages[0].text.replace("\n", "").replace("zz", "") == "ab"


@pytest.mark.parametrize(
    "flood",
    [
        b"{",
        b"}",
        b"{\\footnote a",
        b"\\trowd\\cell\\row",
        b"\\'",
        b"{\\*",
        b"\\bin9999999999 ",
        b"\\u55357?",
        b"\\row x",
    ],
)
def test_floods_end_well_and_soon(tmp_path: Path, flood: bytes) -> None:
    began = time.process_time()
    items_of(tmp_path, b"{\\rtf1 " + flood * 100_000)
    assert time.process_time() - began < 10
