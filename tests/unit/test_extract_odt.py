"""OpenDocument texts: every kind of text they can hold, and what damaged and hostile ones do. No child process here."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.odt import extract_odt
from services.extraction.media_types import ODF_TEXT
from tests.support.documents import replace_member, zipped
from tests.support.odt_documents import heading, items, member, odt, paragraph, table

registry.load_all()

LISTS = (
    '<text:list-style style:name="L">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>'
    '<text:list-level-style-number text:level="3" style:num-format="i" text:display-levels="3"/>'
    "</text:list-style>"
    '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style>'
)
IN_L = 'text:style-name="L"'


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source.odt"
    source.write_bytes(content)
    return source


def pages_of(folder: Path, content: bytes) -> list[Page]:
    return [item for item in extract_odt(written(folder, content), Limits()) if isinstance(item, Page)]


def text_of(folder: Path, content: bytes) -> str:
    return "\n\n".join(page.text for page in pages_of(folder, content))


def refusal(folder: Path, content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        list(extract_odt(written(folder, content), Limits()))
    return refused.value


def test_a_text_is_read_in_sections_with_its_outline(tmp_path: Path) -> None:
    meta = "<office:meta><dc:title>Report</dc:title><dc:creator>Ada</dc:creator></office:meta>"
    content = odt(
        heading("One") + paragraph("a") + heading("Two", 2) + paragraph("b"),
        parts={"meta.xml": member("office:document-meta", meta)},
    )
    source = written(tmp_path, content)
    assert detect(source, ".odt").media_type == ODF_TEXT
    found = list(extract_odt(source, Limits()))
    assert [item for item in found if isinstance(item, Page)] == [
        Page("# One\n\na", label="One"),
        Page("## Two\n\nb", label="Two"),
    ]
    facts = [item for item in found if isinstance(item, Facts)]
    assert (facts[0].title, facts[0].author) == ("Report", "Ada")
    assert facts[1].outline == [
        {"title": "One", "level": 1, "page": 1},
        {"title": "Two", "level": 2, "page": 2},
    ]


def test_lists_are_counted_by_their_styles(tmp_path: Path) -> None:
    inner = items(paragraph("x") + items(paragraph("y")), paragraph("z"))
    body = items(paragraph("one"), paragraph("two") + inner, attributes=IN_L) + items(
        paragraph("bullet"), attributes='text:style-name="B"'
    )
    assert text_of(tmp_path, odt(body, styles=LISTS)).split("\n") == [
        "1. one",
        "2. two",
        "  a) x",
        "    2.a.i y",
        "  b) z",
        "- bullet",
    ]


def test_a_list_goes_on_where_another_left_off(tmp_path: Path) -> None:
    body = (
        items(paragraph("one") + items(paragraph("a")), attributes=IN_L)
        + paragraph("between")
        + items(items(paragraph("b")), paragraph("two"), attributes=f'{IN_L} text:continue-numbering="true"')
        + items(paragraph("anew"), attributes=IN_L)
    )
    assert text_of(tmp_path, odt(body, styles=LISTS)).split() == [
        *("1.", "one", "a)", "a", "between", "b)", "b", "2.", "two", "1.", "anew")
    ]


def test_a_numbered_heading_is_found_by_its_number(tmp_path: Path) -> None:
    outline = "".join(
        f'<text:outline-level-style text:level="{level}" style:num-format="1" text:display-levels="{level}"/>'
        for level in (1, 2)
    )
    common = f"<office:styles><text:outline-style>{outline}</text:outline-style></office:styles>"
    body = heading("Scope") + heading("Terms") + heading("Price", 2) + heading("Deep", 3)
    labels = [page.label for page in pages_of(tmp_path, odt(body, common=common))]
    assert labels == ["1 Scope", "2 Terms", "2.1 Price", "Deep"]


def test_notes_and_comments_stand_at_their_place(tmp_path: Path) -> None:
    note = (
        '<text:note text:note-class="{}"><text:note-citation>9</text:note-citation>'
        "<text:note-body><text:p>{}</text:p></text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Ada</dc:creator><dc:date>2026</dc:date><text:p>why</text:p></office:annotation>"
    )
    body = paragraph(f"a{note.format('footnote', 'foot')} b{note.format('endnote', 'end')}c{comment}d")
    assert text_of(tmp_path, odt(body)) == "a [Footnote 1: foot] b [Endnote 1: end]c [Comment by Ada: why]d"


def test_deleted_text_is_not_shown(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>" + paragraph("<text:change-start/>new<text:change-end/>")
    )
    assert text_of(tmp_path, odt(body)) == "new"


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("a<text:s text:c='3'/>b\n  c<text:tab/>d<text:line-break/>e", "a   b c\td\ne"),
        ("<text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby>", "漢(kan)"),
        ('10<text:span text:style-name="up">6</text:span>', "10⁶"),
        ('<text:span text:style-name="struck">old</text:span>new', "~~old~~new"),
        ('soft\xadly <text:hidden-text text:string-value="secret"/>', "softly secret"),
        ("a<text:unknown>b</text:unknown>c", "abc"),
        ("<text:s text:c='99999999999'/>x", "x"),
    ],
)
def test_signs_read_as_they_look(tmp_path: Path, xml: str, text: str) -> None:
    styles = (
        '<style:style style:name="up"><style:text-properties style:text-position="super 58%"/></style:style>'
        '<style:style style:name="struck"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    )
    assert text_of(tmp_path, odt(paragraph(xml), styles=styles)) == text


def test_a_page_break_begins_a_page(tmp_path: Path) -> None:
    styles = '<style:style style:name="P"><style:paragraph-properties fo:break-before="page"/></style:style>'
    assert [page.text for page in pages_of(tmp_path, odt(paragraph("a") + paragraph("b", "P"), styles=styles))] == [
        "a",
        "b",
    ]


def test_tables_keep_their_columns_and_nested_tables_their_text(tmp_path: Path) -> None:
    inner = f"<table:table-cell>{table(('p', 'q'))}</table:table-cell>"
    wide = "<table:table-cell><text:p>wide</text:p></table:table-cell><table:covered-table-cell/>"
    body = (
        f"<table:table><table:table-header-rows><table:table-row>{wide}</table:table-row></table:table-header-rows>"
        f"<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>{inner}</table:table-row></table:table>"
    )
    assert text_of(tmp_path, odt(body)) == "| wide |  |\n| --- | --- |\n| a | p; q |"


def test_cells_that_repeat_themselves_without_end_are_bounded(tmp_path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="999999999"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="999999999">{cell}</table:table-row>'
    lines = text_of(tmp_path, odt(f"<table:table>{row}</table:table>")).split("\n")
    assert lines[0].count("x") == 100
    assert len(lines) < 150


def test_frames_are_read_after_their_paragraph_and_pictures_described(tmp_path: Path) -> None:
    box = f"<draw:frame><draw:text-box>{paragraph('boxed')}</draw:text-box></draw:frame>"
    picture = "<draw:frame><draw:image/><svg:title>Cat</svg:title><svg:desc>A cat</svg:desc></draw:frame>"
    shape = f"<draw:custom-shape>{paragraph('shaped')}</draw:custom-shape>"
    assert text_of(tmp_path, odt(paragraph(f"be{box}fore{picture}{shape}"))) == (
        "before\n\nboxed\n\n[Picture: Cat. A cat]\n\nshaped"
    )


def test_embedded_formulas_and_charts_are_read_and_other_objects_listed(tmp_path: Path) -> None:
    formula = "<math:semantics><math:mi>x</math:mi><math:annotation>x over y</math:annotation></math:semantics>"
    chart = (
        f"<office:body><office:chart>{paragraph('Sales')}{table(('', 'EUR'), ('Q1', '5'))}</office:chart></office:body>"
    )
    frame = '<draw:frame><draw:{} xlink:href="{}"/></draw:frame>'
    body = paragraph(
        frame.format("object", "./Object 1")
        + frame.format("object", "./Object 2")
        + frame.format("object-ole", "./x.bin")
    )
    parts = {
        "Object 1/content.xml": member("math:math", formula),
        "Object 2/content.xml": member("office:document-content", chart),
    }
    content = odt(body, parts=parts)
    assert text_of(tmp_path, content) == "x over y\n\nSales\n\n|  | EUR |\n| --- | --- |\n| Q1 | 5 |"
    facts = [item for item in extract_odt(written(tmp_path, content), Limits()) if isinstance(item, Facts)]
    assert facts[-1].attachments == ["x.bin"]


def test_an_object_that_contains_itself_ends(tmp_path: Path) -> None:
    frame = '<text:p><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    looping = member("office:document-content", f"<office:body><office:text>{frame}</office:text></office:body>")
    assert text_of(tmp_path, odt(paragraph("a") + frame, parts={"Object 1/content.xml": looping})) == "a"


def test_links_are_listed_and_hidden_sections_marked(tmp_path: Path) -> None:
    body = paragraph('<text:a xlink:href="https://a.example/">see</text:a><text:a xlink:href="#x"> in</text:a>') + (
        f'<text:section text:name="S" text:display="none">{paragraph("secret")}</text:section>'
    )
    content = odt(body)
    assert text_of(tmp_path, content) == "see in\n\n[Hidden section: S]\n\nsecret\n\n[End of hidden section]"
    assert Facts(links=["https://a.example/"]) in list(extract_odt(written(tmp_path, content), Limits()))


def test_headers_and_footers_are_read_once_and_last(tmp_path: Path) -> None:
    page = f"<style:header>{paragraph('top')}</style:header><style:footer>{paragraph('bottom')}</style:footer>"
    common = f"<office:master-styles>{f'<style:master-page>{page}</style:master-page>' * 2}</office:master-styles>"
    assert pages_of(tmp_path, odt(paragraph("body"), common=common)) == [
        Page("body"),
        Page("top\n\nbottom", label="Headers and footers"),
    ]


def test_templates_of_an_index_are_not_text_but_the_index_is(tmp_path: Path) -> None:
    source = "<text:table-of-content-source><text:index-title-template>T</text:index-title-template>"
    body = (
        f"<text:table-of-content>{source}</text:table-of-content-source>"
        f"<text:index-body>{paragraph('Scope 3')}</text:index-body></text:table-of-content>"
    )
    assert text_of(tmp_path, odt(body)) == "Scope 3"


def test_an_encrypted_text_says_so(tmp_path: Path) -> None:
    entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    content = odt("", parts={"META-INF/manifest.xml": member("manifest:manifest", entry)})
    assert refusal(tmp_path, content).code is ErrorCode.ENCRYPTED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            replace_member(odt(""), "content.xml", b"<!DOCTYPE x [<!ENTITY y 'z'>]><x><text><p/></text></x>"),
            Reason.DOCTYPE,
        ),
        (odt("<text:section>" * 20_000 + "</text:section>" * 20_000), Reason.NESTING),
        (replace_member(odt(""), "content.xml", b"<cut"), None),
        (replace_member(odt(""), "content.xml", b"<other/>"), None),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), None),
        (odt("")[:300], None),
    ],
)
def test_a_damaged_or_hostile_text_is_corrupt(tmp_path: Path, content: bytes, reason: Reason | None) -> None:
    error = refusal(tmp_path, content)
    assert (error.code, error.reason) == (ErrorCode.CORRUPT, reason)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<text:list><text:list-item>", "</text:list-item></text:list>"),
        ("<text:p><text:span>", "</text:span></text:p>"),
        (
            "<table:table><table:table-row><table:table-cell>",
            "</table:table-cell></table:table-row></table:table>",
        ),
        ("<text:p><draw:frame><draw:text-box>", "</draw:text-box></draw:frame></text:p>"),
    ],
)
def test_what_the_parser_lets_pass_is_not_too_deep_for_the_walk(tmp_path: Path, opening: str, closing: str) -> None:
    levels = 240 // closing.count("</")
    assert "deep" in text_of(tmp_path, odt(opening * levels + paragraph("deep") + closing * levels))


@pytest.mark.parametrize("declaration", [b"", b'<!DOCTYPE manifest:manifest SYSTEM "Manifest.dtd">'])
def test_an_odd_manifest_is_no_damage(tmp_path: Path, declaration: bytes) -> None:
    manifest = declaration + b"<manifest:manifest><manifest:file-entry/></manifest:manifest>"
    assert text_of(tmp_path, odt(paragraph("a"), parts={"META-INF/manifest.xml": manifest})) == "a"


def test_damaged_common_styles_cost_only_themselves(tmp_path: Path) -> None:
    found = list(extract_odt(written(tmp_path, replace_member(odt(paragraph("a")), "styles.xml", b"<")), Limits()))
    assert Page("a") in found
    assert Notice(Warn.PARTIAL) in found
