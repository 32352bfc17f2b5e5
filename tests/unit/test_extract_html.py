"""HTML: what a reader of a page sees, whatever its markup, and pages made to hurt."""

import time
from pathlib import Path

import pytest

from services.extraction.content import Facts, Limits, Page
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.html import extract_html
from services.extraction.extractors.html_markup import pieces, read_markup
from tests.support.web_documents import html

registry.load_all()


def pages_of(folder: Path, content: bytes, limits: Limits | None = None) -> list[Page]:
    source = folder / "source"
    source.write_bytes(content)
    return [item for item in extract_html(source, limits or Limits()) if isinstance(item, Page)]


def text_of(folder: Path, body: str) -> str:
    return "\n\n".join(page.text for page in pages_of(folder, html(body)))


def facts_of(folder: Path, content: bytes) -> list[Facts]:
    source = folder / "source"
    source.write_bytes(content)
    return [item for item in extract_html(source, Limits()) if isinstance(item, Facts)]


def test_every_heading_begins_a_page_that_bears_its_name(tmp_path: Path) -> None:
    pages = pages_of(tmp_path, html("before<h1>One <b>and</b> all</h1><p>first<h2>Two</h2>second"))
    assert [(page.label, page.text) for page in pages] == [
        (None, "before"),
        ("One and all", "# One and all\n\nfirst"),
        ("Two", "## Two\n\nsecond"),
    ]


def test_headings_are_the_outline_and_links_are_listed_as_written(tmp_path: Path) -> None:
    links = '<a href="x/y.html">x</a><a href="#top">t</a><a href="javascript:f()">j</a><a href="mailto:a@b.c">m</a>'
    facts = facts_of(tmp_path, html(f"<h1>One</h1>{links}<h3>Two</h3>"))
    assert facts[1].outline == [{"title": "One", "level": 1, "page": 1}, {"title": "Two", "level": 3, "page": 2}]
    assert facts[2].links == ["x/y.html", "mailto:a@b.c"]


def test_a_page_says_what_it_is(tmp_path: Path) -> None:
    content = b"""<html lang="de-AT"><title>Bread &amp; butter</title><meta name="Author" content="Ada">
        <meta property="article:published_time" content="2026-01-02T03:04:05Z">"""
    (facts, *_) = facts_of(tmp_path, content)
    assert (facts.title, facts.author, facts.language) == ("Bread & butter", "Ada", "de")
    assert facts.created_at is not None
    assert facts.created_at.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a\n  b<b>c</b> <i> d</i>", "a bc d"),
        ("<p>a<br>b <br> c</p>d", "a\nb\nc\n\nd"),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("a&nbsp;b hyphen&shy;ated", "a b hyphenated"),
        ("<pre>\n  a\n   b  c</pre>", "```\n  a\n   b  c\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<blockquote><p>a<br>b<blockquote>c</blockquote></blockquote>", "> a\n> b\n\n> > c"),
        ("<dl><dt>term<dd>meaning<dd>other</dl>", "term\n: meaning\n: other"),
        ("10<sup>6</sup> 10<sup><b>-9</b></sup> H<sub>2</sub>O 1<sup>st</sup> 7", "10⁶ 10⁻⁹ H₂O 1st 7"),
        ("<table><tr><th>area<td>5 m<sup>2</sup></table>", "| area | 5 m² |\n| --- | --- |"),
        ("old <del>was</del> <s>said</s> <q>so</q>", "old ~~was~~ ~~said~~ “so”"),
        ('see <img src="http://localhost/x" alt="a cat">', "see a cat"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("<noscript>without</noscript><details><summary>more</summary>rest</details>", "without\n\nmore\n\nrest"),
        ("<svg><title>drawn</title><text>words</text></svg><p hidden>hidden", "drawn words\n\nhidden"),
    ],
)
def test_text_reads_as_a_browser_shows_it(tmp_path: Path, body: str, text: str) -> None:
    assert text_of(tmp_path, body) == text


def test_lists_are_nested_and_numbered(tmp_path: Path) -> None:
    body = "<ul><li>a<ol start=3><li>b<p>c</p><li value=7>d<li>e</ol><li>f</ul><ol><li>g</ol>"
    assert text_of(tmp_path, body) == "- a\n  3. b\n     c\n  7. d\n  8. e\n- f\n\n1. g"


def test_fields_show_what_was_filled_in_but_no_password(tmp_path: Path) -> None:
    body = """<input value=typed><input type=checkbox checked>yes <input type=radio>no <input type=hidden value=HIDDEN>
        <input type=password value=SECRET><select><option>red<option selected>green</select><textarea>long</textarea>"""
    assert text_of(tmp_path, body) == "typed [x] yes [ ] no [ ] red [x] green long"


def test_what_no_reader_sees_is_left_out(tmp_path: Path) -> None:
    body = "a<script>x()</script><style>p{}</style><template>t</template><iframe>f</iframe><!-- comment -->b"
    assert text_of(tmp_path, body) == "ab"


def test_a_table_keeps_its_columns_where_cells_span_several(tmp_path: Path) -> None:
    body = """<table><caption>Sums</caption><tfoot><tr><td>end</tfoot>
        <tr><th>A<th colspan=2>B<tr><td rowspan=2>1<td>2<td>3|4<tr><td>5</table>"""
    assert text_of(tmp_path, body).splitlines() == [
        "Sums",
        "",
        "| A | B |  |",
        "| --- | --- | --- |",
        "| 1 | 2 | 3\\|4 |",
        "|  | 5 |  |",
        "| end |  |  |",
    ]


def test_a_table_inside_a_cell_is_read_in_that_cell(tmp_path: Path) -> None:
    inner = "<table><tr><td>b<td>c<tr><td>d<td>e</table>"
    text = text_of(tmp_path, f"<table><tr><th>H<th>I<tr><td>a<td>{inner}</table>")
    assert text.splitlines()[-1] == "| a | b; c d; e |"


def test_tables_that_only_lay_out_a_page_leave_its_structure(tmp_path: Path) -> None:
    mail = "<table><tr><td><table><tr><td><h1>Hello</h1><ul><li>a</ul></table><td>side</table>"
    assert text_of(tmp_path, mail) == "# Hello\n\n- a\n\nside"
    assert text_of(tmp_path, "<table role=presentation><tr><td>a<td>b</table>") == "a\n\nb"


def test_a_long_table_repeats_its_header_on_every_page(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{number}<td>row" for number in range(50))
    pages = pages_of(tmp_path, html(f"<table><tr><th>id<th>name{rows}</table>"), Limits(block_characters=200))
    assert len(pages) > 2
    assert all(page.text.startswith("| id | name |\n| --- | --- |\n| ") and len(page.text) <= 200 for page in pages)
    assert sum(page.text.count("| row |") for page in pages) == 50


def test_a_long_paragraph_is_cut_between_words_and_loses_none(tmp_path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(200))
    pages = pages_of(tmp_path, html(f"<h1>H</h1><p>{words}"), Limits(block_characters=100))
    assert " ".join(page.text for page in pages).split() == ["#", "H", *words.split()]
    assert {page.label for page in pages} == {"H"}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<p>Grüße".encode(), "Grüße"),
        ("<p>Grüße".encode("utf-16"), "Grüße"),
        ("<meta charset=windows-1252><p>“Grüße”".encode("cp1252"), "“Grüße”"),
        ("<meta charset=iso-8859-1><p>“Grüße”".encode("cp1252"), "“Grüße”"),
        ("<meta charset=iso-8859-1><p>Grüße".encode(), "Grüße"),
        ('<meta http-equiv=Content-Type content="text/html; charset=shift_jis"><p>日本'.encode("cp932"), "日本"),
        ("<meta charset=iso-2022-jp><p>日本".encode("iso-2022-jp"), "日本"),
        (b"<meta charset=utf-16><p>plain", "plain"),
        (b"<meta charset=zlib><p>plain \xff", "plain ÿ"),
        ('<?xml version="1.0" encoding="koi8-r"?><p>Привет'.encode("koi8-r"), "Привет"),
    ],
)
def test_the_encoding_is_the_documents_own_unless_it_is_wrong(tmp_path: Path, content: bytes, text: str) -> None:
    assert [page.text for page in pages_of(tmp_path, content)] == [text]


def test_xhtml_elements_may_be_empty(tmp_path: Path) -> None:
    content = b'<?xml version="1.0"?><html><head><title/></head><body><a id="x"/>a<br/><![CDATA[b < c]]></body></html>'
    assert [page.text for page in pages_of(tmp_path, content)] == ["a\nb < c"]


def test_broken_markup_loses_no_text(tmp_path: Path) -> None:
    assert text_of(tmp_path, "</div><p>a</b><table><tr><td>b</p>c</table><div") == "a\n\nb\n\nc"
    assert pages_of(tmp_path, b"") == []


@pytest.mark.parametrize(
    "markup", ["<div>", "<b>", "<div></x>", "<blockquote>", "<ul><li>", "<table><tr><td>", "<div/>"]
)
def test_endless_nesting_is_flattened_in_little_time(tmp_path: Path, markup: str) -> None:
    began = time.process_time()
    assert "".join(page.text for page in pages_of(tmp_path, html(markup * 50_000 + "deep words"))).endswith(
        "deep words"
    )
    assert time.process_time() - began < 10


def test_only_nesting_beyond_the_limit_is_flattened() -> None:
    markup = "<div><p><b>a</b></p></x></div>"
    assert "".join(pieces(markup, depth=2)) == "<div><p><b>a</b></p></div>"
    assert "".join(pieces(markup, depth=1)) == "<div><p>a</p></div>"
    assert "".join(pieces("<!-- <i> --><script>'<i>'</script><u>a</u>", 1)).endswith("<u>a</u>")


def test_a_long_document_is_parsed_in_pieces_that_continue_it() -> None:
    markup = "<table><tr>" + "<td><b>x</b>" * 5 + "</table>"
    cut = list(pieces(markup, depth=10, longest=30))
    assert len(cut) > 1
    assert all(piece.startswith("<table>") for piece in cut)
    assert "".join(cut).count("x") == 5


@pytest.mark.parametrize(
    "markup", ["<!--" * 100_000, "<a" * 100_000, "<a x='" * 100_000, "<script>" * 100_000, "<title/" * 100_000]
)
def test_markup_that_never_ends_takes_linear_time(markup: str) -> None:
    began = time.process_time()
    assert "".join(pieces(read_markup(markup.encode(), xhtml=True), 500))
    assert time.process_time() - began < 5


def test_spans_cannot_fill_the_memory(tmp_path: Path) -> None:
    cells = "<td colspan=1000 rowspan=65534>x"
    text = text_of(tmp_path, f"<table><tr><th>{cells * 20}{'<tr>' * 1_000}<td>y</table>")
    assert len(text) < 4_000_000
    assert "y" in text


def test_html_is_known_by_content_and_by_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"words <b>bold</b>")
    assert detect(source, ".htm").media_type == "text/html"
    source.write_bytes(b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>')
    assert detect(source, ".xhtml").media_type == "text/html"


def test_endless_text_is_cut_between_words() -> None:
    cut = list(pieces("<pre>" + "word " * 100_000, depth=10, longest=100_000))
    assert len(cut) > 3
    assert all(piece.startswith("<pre>") for piece in cut)
    assert "".join(cut).replace("<pre>", "").split() == ["word"] * 100_000
