"""Word documents: every kind of text they can hold, and what damaged and hostile ones do. No child process here."""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Heavy, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors import registry
from services.extraction.extractors.docx import extract_docx
from tests.support import documents
from tests.support.legacy_sheet_documents import ole
from tests.support.scan_documents import saved
from tests.support.scan_documents import written as drawn
from tests.support.word_documents import (
    cell,
    complex_field,
    docx,
    heading,
    listed,
    numbering,
    paragraph,
    part,
    row,
    run,
    table,
)

registry.load_all()

LETTERS = numbering(("decimal", "%1."), ("lowerLetter", "%2)"), ("upperRoman", "%1.%3"))


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source.docx"
    source.write_bytes(content)
    return source


def pages_of(folder: Path, content: bytes, limits: Limits | None = None) -> list[Page]:
    items = extract_docx(written(folder, content), limits or Limits())
    return [item for item in items if isinstance(item, Page)]


def text_of(folder: Path, content: bytes) -> str:
    return "\n\n".join(page.text for page in pages_of(folder, content))


def facts_of(folder: Path, content: bytes) -> list[Facts]:
    return [item for item in extract_docx(written(folder, content), Limits()) if isinstance(item, Facts)]


def links_of(folder: Path, content: bytes) -> list[str]:
    return [link for facts in facts_of(folder, content) for link in facts.links]


def refusal(folder: Path, content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        list(extract_docx(written(folder, content), Limits()))
    return refused.value


def test_a_document_gives_sections_lists_and_tables(tmp_path: Path) -> None:
    items = list(extract_docx(written(tmp_path, documents.report_docx()), Limits()))
    assert isinstance(items[0], Facts)
    assert (items[0].title, items[0].author) == ("Annual report", "Ada")
    assert [item for item in items if isinstance(item, Page)] == [
        Page("# Results\n\nRevenue rose.\n\n- first point", label="Results"),
        Page("## Outlook\n\n| Year | Sum |\n| --- | --- |\n| 2026 | 1\\|2 |", label="Outlook"),
    ]


def test_headings_are_the_outline(tmp_path: Path) -> None:
    outlines = [facts.outline for facts in facts_of(tmp_path, documents.report_docx()) if facts.outline]
    assert outlines == [
        [{"title": "Results", "level": 1, "page": 1}, {"title": "Outlook", "level": 2, "page": 2}],
    ]


def test_a_long_section_has_several_pages_of_one_label(tmp_path: Path) -> None:
    content = docx(heading("Results") + paragraph(run("Revenue rose.")) * 2 + heading("Outlook"))
    pages = pages_of(tmp_path, content, Limits(block_characters=20))
    assert [page.label for page in pages] == ["Results"] * 3 + ["Outlook"]


def test_a_page_break_begins_a_page(tmp_path: Path) -> None:
    body = paragraph(run("one"), '<w:r><w:br w:type="page"/></w:r>', run("two")) + paragraph(
        run("three"), properties="<w:pageBreakBefore/>"
    )
    assert [page.text for page in pages_of(tmp_path, docx(body))] == ["one", "two", "three"]


def test_a_heading_needs_no_style_part(tmp_path: Path) -> None:
    content = docx(heading("Terms") + paragraph(run("x"), properties='<w:outlineLvl w:val="1"/>'), {"styles.xml": b"<"})
    items = list(extract_docx(written(tmp_path, content), Limits()))
    assert [item.label for item in items if isinstance(item, Page)] == ["Terms", "x"]
    assert Notice(Warn.PARTIAL) in items


def test_numbers_are_counted_as_word_counts_them(tmp_path: Path) -> None:
    levels = (0, 1, 1, 0, 1, 2)
    body = "".join(listed("x", 1, level) for level in levels)
    content = docx(body, {"numbering.xml": part("w:numbering", LETTERS)})
    assert text_of(tmp_path, content).split("\n") == ["1. x", "  a) x", "  b) x", "2. x", "  a) x", "    2.I x"]


def test_a_list_that_starts_anew_counts_from_there(tmp_path: Path) -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    lists = numbering(("decimal", "%1."), overrides=override)
    body = listed("a", 1) + listed("b", 2) + listed("c", 2) + listed("d", 1)
    content = docx(body, {"numbering.xml": part("w:numbering", lists)})
    assert text_of(tmp_path, content).split("\n") == ["1. a", "7. b", "8. c", "9. d"]


def test_a_numbered_heading_is_found_by_its_number(tmp_path: Path) -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{level}"><w:name w:val="heading {level}"/>'
        f'<w:pPr><w:numPr><w:ilvl w:val="{level - 1}"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for level in (1, 2)
    )
    lists = numbering(("decimal", "%1"), ("decimal", "%1.%2"))
    body = "".join(
        paragraph(run(text), properties=f'<w:pStyle w:val="H{level}"/>')
        for text, level in (("Scope", 1), ("Terms", 1), ("Price", 2))
    )
    parts = {"styles.xml": part("w:styles", styles), "numbering.xml": part("w:numbering", lists)}
    assert [page.label for page in pages_of(tmp_path, docx(body, parts))] == ["1 Scope", "2 Terms", "2.1 Price"]


def test_a_paragraph_can_leave_the_list_of_its_style(tmp_path: Path) -> None:
    styles = (
        '<w:style w:styleId="L"><w:name w:val="list"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    body = paragraph(
        run("plain"), properties='<w:pStyle w:val="L"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>'
    ) + paragraph(run("first"), properties='<w:pStyle w:val="L"/>')
    parts = {"styles.xml": part("w:styles", styles), "numbering.xml": part("w:numbering", LETTERS)}
    assert text_of(tmp_path, docx(body, parts)) == "plain\n\n1. first"


def test_a_note_stands_where_it_is_referred_to(tmp_path: Path) -> None:
    notes = '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>' + "".join(
        f'<w:footnote w:id="{number}">{paragraph(run(f"note {number}"))}</w:footnote>' for number in (5, 3)
    )
    references = [f'<w:r><w:footnoteReference w:id="{number}"/></w:r>' for number in (3, 5)]
    body = paragraph(run("a"), references[0], run(" b"), references[1])
    content = docx(body, {"footnotes.xml": part("w:footnotes", notes)})
    assert text_of(tmp_path, content) == "a [Footnote 1: note 3] b [Footnote 2: note 5]"


def test_a_note_that_nothing_refers_to_comes_last(tmp_path: Path) -> None:
    notes = part("w:endnotes", f'<w:endnote w:id="2">{paragraph(run("lonely"))}</w:endnote>')
    assert text_of(tmp_path, docx(paragraph(run("a")), {"endnotes.xml": notes})) == "a\n\n[Endnote 1: lonely]"


def test_a_comment_names_its_author_and_is_followed_by_its_answers(tmp_path: Path) -> None:
    comments = "".join(
        f'<w:comment w:id="{number}" w:author="{author}">'
        f'<w:p w14:paraId="{number}"><w:r><w:t>{text}</w:t></w:r></w:p></w:comment>'
        for number, author, text in ((1, "Ada", "Why?"), (2, "Bob", "Other."), (3, "Eve", "Because."))
    )
    extended = '<w15:commentEx w15:paraId="3" w15:paraIdParent="1"/>'
    parts = {"comments.xml": part("w:comments", comments), "commentsExtended.xml": part("w15:commentsEx", extended)}
    body = paragraph(*(f'{run("x")}<w:r><w:commentReference w:id="{number}"/></w:r>' for number in (1, 2, 3)))
    expected = "x [Comment by Ada: Why?] [Comment by Eve: Because.]x [Comment by Bob: Other.]x"
    assert text_of(tmp_path, docx(body, parts)) == expected


def test_a_comment_that_comments_itself_ends(tmp_path: Path) -> None:
    looping = paragraph(run("round"), '<w:r><w:commentReference w:id="1"/></w:r>')
    comments = part("w:comments", f'<w:comment w:id="1" w:author="Ada">{looping}</w:comment>')
    body = paragraph('<w:r><w:commentReference w:id="1"/></w:r>')
    assert text_of(tmp_path, docx(body, {"comments.xml": comments})) == "[Comment by Ada: round]"


def test_what_was_deleted_is_not_shown_and_what_was_inserted_is(tmp_path: Path) -> None:
    body = paragraph(
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>",
        f"<w:ins>{run('new')}</w:ins>",
        f"<w:moveFrom>{run('away')}</w:moveFrom><w:moveTo>{run(' here')}</w:moveTo>",
    ) + table(
        row(cell(paragraph(run("kept"))), cell(paragraph(run("row")))),
        f"<w:tr><w:trPr><w:del/></w:trPr>{cell(paragraph(run('gone')))}</w:tr>",
    )
    assert text_of(tmp_path, docx(body)) == "new here\n\n| kept | row |\n| --- | --- |"


def test_a_field_shows_its_result_and_its_link(tmp_path: Path) -> None:
    inner = complex_field("PAGEREF _x", run("7"))
    body = paragraph(
        complex_field(' HYPERLINK "https://a.example/x" \\o "tip"', run("see")),
        run(" page "),
        inner,
        f'<w:fldSimple w:instr="HYPERLINK https://b.example/">{run(" more")}</w:fldSimple>',
        f'<w:hyperlink r:id="out">{run(" out")}</w:hyperlink>',
        complex_field(' HYPERLINK \\l "place"', run(" in")),
    )
    content = docx(body, links={"out": ("hyperlink", "mailto:a@b.example")})
    assert text_of(tmp_path, content) == "see page 7 more out in"
    assert links_of(tmp_path, content) == ["https://a.example/x", "https://b.example/", "mailto:a@b.example"]


def test_a_button_of_a_template_shows_the_text_in_its_code(tmp_path: Path) -> None:
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    button = f"{begin}<w:r><w:instrText> MACROBUTTON None Click here </w:instrText></w:r>{end}"
    assert text_of(tmp_path, docx(paragraph(run("["), button, run("]")))) == "[Click here]"


def test_a_field_that_is_never_closed_hides_nothing(tmp_path: Path) -> None:
    body = paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r>') + paragraph(run("after"))
    assert text_of(tmp_path, docx(body)) == "after"


def test_check_boxes_and_lists_of_forms_show_their_value(tmp_path: Path) -> None:
    box = '<w:ffData><w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox></w:ffData>'
    entries = '<w:result w:val="1"/><w:listEntry w:val="no"/><w:listEntry w:val="yes"/>'
    choice = f"<w:ffData><w:ddList>{entries}</w:ddList></w:ffData>"
    control = '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="0"/></w14:checkbox></w:sdtPr><w:sdtContent>'
    body = paragraph(
        *(
            f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
            for data in (box, choice)
        ),
        f"{control}{run('☐')}</w:sdtContent></w:sdt>",
    )
    assert text_of(tmp_path, docx(body)) == "[x]yes[ ]"


def test_a_text_box_is_read_once_after_its_paragraph(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph(run('boxed'))}</w:txbxContent>"
    body = paragraph(
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
        run("around"),
    )
    assert text_of(tmp_path, docx(body)) == "around\n\nboxed"


def test_alternate_content_without_a_usable_choice_falls_back(tmp_path: Path) -> None:
    body = paragraph(
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice><mc:Fallback>{run('old')}</mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    assert text_of(tmp_path, docx(body)) == "old"


def test_a_picture_is_described_once(tmp_path: Path) -> None:
    body = paragraph(
        '<w:r><w:drawing><wp:inline><wp:docPr descr="A cat"/><pic:pic><pic:cNvPr descr="A cat"/></pic:pic></wp:inline>'
        "</w:drawing></w:r>"
    )
    assert text_of(tmp_path, docx(body)) == "[Picture: A cat]"


def test_merged_cells_keep_their_columns_and_nested_tables_their_text(tmp_path: Path) -> None:
    inner = table(row(cell(paragraph(run("p"))), cell(paragraph(run("q")))))
    body = table(
        row(cell(paragraph(run("wide")), '<w:gridSpan w:val="2"/>'), cell(paragraph(run("c")))),
        row(
            cell(paragraph(run("a"))),
            cell(paragraph(run("b")) + inner),
            cell(paragraph(run("1")) + paragraph(run("2"))),
        ),
        f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{cell(paragraph(run('z')))}</w:tr>",
    )
    assert text_of(tmp_path, docx(body)).split("\n") == [
        "| wide |  | c |",
        "| --- | --- | --- |",
        "| a | b p; q | 1 2 |",
        "|  | z |  |",
    ]


def test_a_table_of_one_cell_is_a_frame_around_text(tmp_path: Path) -> None:
    body = table(row(cell(heading("Inside") + paragraph(run("text")))))
    assert pages_of(tmp_path, docx(body)) == [Page("# Inside\n\ntext", label="Inside")]


def test_a_long_table_repeats_its_header(tmp_path: Path) -> None:
    rows = [row(cell(paragraph(run(f"k{n}"))), cell(paragraph(run("v" * 20)))) for n in range(20)]
    pages = pages_of(
        tmp_path,
        docx(table(row(cell(paragraph(run("Key"))), cell(paragraph(run("Value")))), *rows)),
        Limits(block_characters=200),
    )
    assert len(pages) > 2
    assert all(page.text.startswith("| Key | Value |\n| --- | --- |\n") for page in pages)


def test_headers_and_footers_are_read_once_and_last(tmp_path: Path) -> None:
    parts = {
        f"{kind}{number}.xml": part("w:hdr" if kind == "header" else "w:ftr", paragraph(run(f"{kind} text")))
        for kind, number in itertools.product(("header", "footer"), (1, 2))
    }
    assert pages_of(tmp_path, docx(paragraph(run("body")), parts)) == [
        Page("body"),
        Page("header text\n\nfooter text", label="Headers and footers"),
    ]


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<m:f><m:num>{a}</m:num><m:den>{b}</m:den></m:f>", "(a)/(b)"),
        ("<m:sSup><m:e>{a}</m:e><m:sup>{b}</m:sup></m:sSup>", "a^(b)"),
        ("<m:sSubSup><m:e>{a}</m:e><m:sub>{b}</m:sub><m:sup>{a}</m:sup></m:sSubSup>", "a_(b)^(a)"),
        ("<m:rad><m:radPr/><m:deg/><m:e>{a}</m:e></m:rad>", "√(a)"),
        ("<m:rad><m:deg>{b}</m:deg><m:e>{a}</m:e></m:rad>", "root_(b)(a)"),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{a}</m:sub><m:sup>{b}</m:sup><m:e/></m:nary>',
            "∑_(a)^(b)",
        ),
        ('<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val=""/></m:dPr><m:e>{a}</m:e><m:e>{b}</m:e></m:d>', "[a|b"),
        ("<m:m><m:mr><m:e>{a}</m:e><m:e>{b}</m:e></m:mr><m:mr><m:e>{b}</m:e></m:mr></m:m>", "[a, b; b]"),
        ("<m:func><m:fName>{a}</m:fName><m:e>{b}</m:e></m:func>", "a(b)"),
        ("<m:limLow><m:e>{a}</m:e><m:lim>{b}</m:lim></m:limLow>", "a_(b)"),
        ("<m:unknown><m:e>{a}</m:e></m:unknown>", "a"),
    ],
)
def test_an_equation_reads_on_one_line(tmp_path: Path, xml: str, text: str) -> None:
    letters = {letter: f"<m:r><m:rPr/><m:t>{letter}</m:t></m:r>" for letter in "ab"}
    body = paragraph(f"<m:oMathPara><m:oMath>{xml.format(**letters)}</m:oMath></m:oMathPara>")
    assert text_of(tmp_path, docx(body)) == text


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Symbol" w:char="0061"/></w:r>', "\u03b1"),
        ('<w:r><w:sym w:font="Symbol" w:char="no number"/></w:r>x', ""),
        (run("\uf0b3", '<w:rFonts w:ascii="Symbol"/>'), "≥"),
        (run("10") + run("6", '<w:vertAlign w:val="superscript"/>'), "10⁶"),
        (run("1") + run("st", '<w:vertAlign w:val="superscript"/>'), "1st"),
        (run("80", "<w:strike/>") + run("9", "<w:strike/>") + run("7", '<w:strike w:val="0"/>'), "~~809~~7"),
        ("<w:r><w:t>soft</w:t><w:softHyphen/><w:t>ly\xad</w:t><w:noBreakHyphen/><w:t>so</w:t></w:r>", "softly-so"),
        (f"<w:r><w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby></w:r>", "漢(kan)"),
        ('<w:subDoc r:id="sub"/>', "[Document: file:///chapter.docx]"),
    ],
)
def test_signs_read_as_they_look(tmp_path: Path, xml: str, text: str) -> None:
    assert text_of(tmp_path, docx(paragraph(xml), links={"sub": ("subDocument", "file:///chapter.docx")})) == text


def test_a_drop_cap_belongs_to_its_word(tmp_path: Path) -> None:
    body = paragraph(run("O"), properties='<w:framePr w:dropCap="drop"/>') + paragraph(run("nce upon"))
    assert text_of(tmp_path, docx(body)) == "Once upon"


def test_charts_and_diagrams_are_read_after_their_paragraph(tmp_path: Path) -> None:
    def points(*values: str) -> str:
        return "".join(f'<c:pt idx="{index}"><c:v>{value}</c:v></c:pt>' for index, value in enumerate(values))

    chart = (
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea>"
        f"<c:lineChart><c:ser><c:tx><c:strRef>{points('EUR')}</c:strRef></c:tx><c:cat>{points('Q1', 'Q2')}</c:cat>"
        f"<c:val>{points('1.5', '2')}</c:val></c:ser></c:lineChart></c:plotArea></c:chart>"
    )
    diagram = "<dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
    parts = {"chart1.xml": part("c:chartSpace", chart), "diagramData1.xml": part("dgm:dataModel", diagram)}
    body = paragraph('<w:r><w:drawing><c:chart r:id="chart1"/><dgm:relIds r:dm="diagramData1"/></w:drawing></w:r>')
    assert text_of(tmp_path, docx(body, parts)) == (
        "Chart: Sales\n\n|  | EUR |\n| --- | --- |\n| Q1 | 1.5 |\n| Q2 | 2 |\n\n- Plan"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("aFChunk.html", b"<html><body><p>embedded</p></body></html>"),
        ("aFChunk.txt", b"embedded"),
        ("aFChunk.docx", docx(paragraph(run("embedded")))),
    ],
)
def test_a_part_in_another_format_is_read_in_place(tmp_path: Path, name: str, content: bytes) -> None:
    body = f'{paragraph(run("before"))}<w:altChunk r:id="aFChunk"/>{paragraph(run("after"))}'
    assert text_of(tmp_path, docx(body, {name: content})).split() == ["before", "embedded", "after"]


def test_documents_inside_documents_inside_documents_are_left_out_with_a_warning(tmp_path: Path) -> None:
    chunk = '<w:altChunk r:id="aFChunk"/>'
    innermost = docx(paragraph(run("three")))
    inner = docx(paragraph(run("two")) + chunk, {"aFChunk.docx": innermost})
    content = docx(paragraph(run("one")) + chunk, {"aFChunk.docx": inner})
    assert text_of(tmp_path, content).split() == ["one", "two"]
    assert Notice(Warn.PARTIAL) in extract_docx(written(tmp_path, content), Limits())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("aFChunk.docx", documents.zipped({"x": b""})),
        ("aFChunk.bin", bytes(range(256))),
        ("aFChunk.png", saved(drawn("scanned"), "PNG")),
        ("aFChunk.doc", ole({"WordDocument": b"", "1Table": b""})),
    ],
)
def test_a_part_that_cannot_be_read_at_once_is_listed_with_a_warning(tmp_path: Path, name: str, content: bytes) -> None:
    body = f'<w:altChunk r:id="aFChunk"/><w:altChunk r:id="missing"/>{paragraph(run("after"))}'
    source = written(tmp_path, docx(body, {name: content, "embeddings/report.xlsx": b""}))
    items = list(extract_docx(source, Limits()))
    assert [item for item in items if isinstance(item, Page)] == [Page("after")]
    assert [item for item in items if isinstance(item, Facts)][-1].attachments == ["report.xlsx", name]
    assert Notice(Warn.PARTIAL) in items
    assert Heavy() not in items


def test_what_a_part_in_another_format_warns_of_is_told(tmp_path: Path) -> None:
    mail = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20
    body = '<w:altChunk r:id="aFChunk"/>'
    items = list(extract_docx(written(tmp_path, docx(body, {"aFChunk.eml": mail})), Limits(members=10)))
    assert Notice(Warn.PARTIAL) in items
    assert not any(item.attachments for item in items if isinstance(item, Facts))


def test_attachments_macros_and_signatures_are_named(tmp_path: Path) -> None:
    parts = {"embeddings/report.xlsx": b"", "vbaProject.bin": b""}
    content = documents.replace_member(docx(paragraph(run("x")), parts), "_xmlsignatures/origin.sigs", b"")
    facts = facts_of(tmp_path, content)[0]
    assert (facts.attachments, facts.macros, facts.signed) == (["report.xlsx"], True, True)


def test_the_strict_dialect_reads_the_same(tmp_path: Path) -> None:
    body = heading("Title") + paragraph(run("text"), '<w:r><w:footnoteReference w:id="2"/></w:r>')
    parts = {"footnotes.xml": part("w:footnotes", f'<w:footnote w:id="2">{paragraph(run("note"))}</w:footnote>')}
    strict = docx(body, parts, strict=True)
    assert b"purl.oclc.org" in documents.unzip(strict)["word/document.xml"]
    assert pages_of(tmp_path, strict) == [Page("# Title\n\ntext [Footnote 1: note]", label="Title")]


def test_relationships_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("<p>secret</p>")
    links = {
        "away": ("aFChunk", secret.as_uri()),
        "up": ("aFChunk", "../../../../.." + str(secret)),
        "header1": ("header", secret.as_uri()),
        "template": ("attachedTemplate", "https://attack.example/t.dotm"),
    }
    body = f'<w:altChunk r:id="away"/><w:altChunk r:id="up"/>{paragraph(run("body"))}'
    assert text_of(tmp_path, docx(body, links=links)) == "body"


@pytest.mark.parametrize("name", ["footnotes.xml", "comments.xml", "numbering.xml", "styles.xml", "header1.xml"])
def test_a_damaged_part_costs_only_itself(tmp_path: Path, name: str) -> None:
    items = list(extract_docx(written(tmp_path, docx(paragraph(run("body")), {name: b"<w:cut"})), Limits()))
    assert Page("body") in items
    assert Notice(Warn.PARTIAL) in items


def test_a_missing_part_is_no_loss_of_the_body(tmp_path: Path) -> None:
    links = {name: (name, f"{name}.xml") for name in ("footnotes", "comments", "numbering", "header")}
    assert text_of(tmp_path, docx(paragraph(run("body")), links=links)) == "body"


def test_a_body_that_is_cut_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = documents.unzip(docx("".join(paragraph(run("word " * 2_000)) for _ in range(50))))["word/document.xml"]
    content = documents.replace_member(docx(""), "word/document.xml", whole[:-200])
    items = extract_docx(written(tmp_path, content), Limits())
    pages = list(itertools.islice((item for item in items if isinstance(item, Page)), 40))
    assert len(pages) == 40
    with pytest.raises(Unreadable) as refused:
        list(items)
    assert refused.value.code is ErrorCode.CORRUPT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (documents.doctype_docx(), Reason.DOCTYPE),
        (docx("", {"styles.xml": "<!DOCTYPE x [<!ENTITY y 'z'>]><x/>".encode("utf-16")}), Reason.DOCTYPE),
        (documents.nested_docx(20_000), Reason.NESTING),
        (documents.zipped({"[Content_Types].xml": b"<x/>", "word/other.xml": b"<x/>"}), None),
        (documents.replace_member(documents.report_docx(), "word/document.xml", b"<w:document"), None),
        (documents.report_docx()[:500], None),
    ],
)
def test_a_damaged_or_hostile_document_is_corrupt(tmp_path: Path, content: bytes, reason: Reason | None) -> None:
    error = refusal(tmp_path, content)
    assert (error.code, error.reason) == (ErrorCode.CORRUPT, reason)


@pytest.mark.parametrize(
    ("outside", "opening", "closing"),
    [
        ("{}", "<w:tbl><w:tr><w:tc><w:p/></w:tc><w:tc>", "<w:p/></w:tc></w:tr></w:tbl>"),
        ("{}", "<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
        ("{}", "<w:p><w:r><w:txbxContent>", "</w:txbxContent></w:r></w:p>"),
        ("{}", "<mc:AlternateContent><mc:Choice>", "</mc:Choice></mc:AlternateContent>"),
        ("<w:p>{}</w:p>", "<w:hyperlink><w:ins>", "</w:ins></w:hyperlink>"),
        ("<w:p><m:oMath>{}</m:oMath></w:p>", "<m:d><m:e>", "</m:e></m:d>"),
    ],
)
def test_what_the_parser_lets_pass_is_not_too_deep_for_the_walk(
    tmp_path: Path, outside: str, opening: str, closing: str
) -> None:
    levels = 240 // closing.count("</")
    body = outside.format(opening * levels + run("deep") + closing * levels)
    assert "deep" in text_of(tmp_path, docx(body))


def test_styles_and_lists_that_go_in_circles_end(tmp_path: Path) -> None:
    styles = "".join(
        f'<w:style w:styleId="{name}"><w:name w:val="{name}"/><w:basedOn w:val="{base}"/></w:style>'
        for name, base in (("a", "b"), ("b", "a"))
    )
    lists = '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="a"/></w:abstractNum><w:num w:numId="1"/>'
    parts = {"styles.xml": part("w:styles", styles), "numbering.xml": part("w:numbering", lists)}
    body = paragraph(run("x"), properties='<w:pStyle w:val="a"/><w:numPr><w:numId w:val="1"/></w:numPr>')
    assert text_of(tmp_path, docx(body, parts)) == "- x"


@pytest.mark.parametrize("span", ["999999999999999999999", "-5", "x", "", "0"])
def test_an_absurd_number_is_harmless(tmp_path: Path, span: str) -> None:
    cells = cell(paragraph(run("a")), f'<w:gridSpan w:val="{span}"/>') + cell(paragraph(run("b")))
    lists = f'<w:numPr><w:ilvl w:val="{span}"/><w:numId w:val="{span}"/></w:numPr><w:outlineLvl w:val="{span}"/>'
    body = table(row(cells)) + paragraph(run("c"), properties=lists)
    assert {"a", "b", "c"} <= set(text_of(tmp_path, docx(body)).split())


class Markers:
    """Grows random document content in which every run carries a word of its own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.words: list[str] = []

    def run(self) -> str:
        """Make a run of the next word."""
        self.words.append(f"W{len(self.words)}W")
        return run(self.words[-1])

    def inline(self, depth: int) -> str:
        """Make something that may stand in a paragraph."""
        wrappers = (
            "<w:ins>{}</w:ins>",
            "<w:moveTo>{}</w:moveTo>",
            '<w:hyperlink w:anchor="x">{}</w:hyperlink>',
            "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>",
            "<w:smartTag>{}</w:smartTag>",
            '<w:fldSimple w:instr="PAGE">{}</w:fldSimple>',
            "<w:customXml>{}</w:customXml>",
            "<w:r><w:ruby><w:rubyBase>{}</w:rubyBase></w:ruby></w:r>",
            "<w:r><w:pict><v:textbox><w:txbxContent><w:p>{}</w:p></w:txbxContent></v:textbox></w:pict></w:r>",
            "<w:r><mc:AlternateContent><mc:Choice>{}</mc:Choice></mc:AlternateContent></w:r>",
            "<w:unknown>{}</w:unknown>",
        )
        if depth == 0 or self._random.random() < 0.3:
            return self.run()
        return self._random.choice(wrappers).format("".join(self._several(lambda: self.inline(depth - 1))))

    def block(self, depth: int) -> str:
        """Make something that may stand in a body."""
        kinds = ("paragraph", "paragraph", "table", "control", "custom", "box")
        kind = self._random.choice(kinds) if depth else "paragraph"
        if kind == "paragraph":
            return paragraph(*self._several(lambda: self.inline(3)))
        content = list(self._several(lambda: self.block(depth - 1)))
        if kind == "table":
            return table(*(row(cell(block), cell(paragraph(self.run()))) for block in content))
        if kind == "control":
            return f"<w:sdt><w:sdtPr/><w:sdtContent>{''.join(content)}</w:sdtContent></w:sdt>"
        if kind == "custom":
            return f"<w:customXml>{''.join(content)}</w:customXml>"
        return paragraph(f"<w:r><w:drawing><w:txbxContent>{''.join(content)}</w:txbxContent></w:drawing></w:r>")

    def _several(self, make: Callable[[], str]) -> Iterator[str]:
        for _ in range(self._random.randint(1, 3)):
            yield make()


@pytest.mark.parametrize("seed", range(20))
def test_every_run_of_every_part_is_given_exactly_once(tmp_path: Path, seed: int) -> None:
    grow = Markers(seed)
    notes = {
        f"{kind}s.xml": part(
            f"w:{kind}s", "".join(f'<w:{kind} w:id="{n}">{grow.block(2)}</w:{kind}>' for n in range(2, 5))
        )
        for kind in ("footnote", "endnote", "comment")
    }
    margins = {f"{name}1.xml": part("w:hdr", grow.block(2)) for name in ("header", "footer")}
    references = "".join(
        f'<w:r><w:{kind}Reference w:id="{n}"/></w:r>' for kind in ("footnote", "endnote", "comment") for n in (2, 3)
    )
    body = "".join(grow.block(3) for _ in range(5)) + paragraph(references)
    text = text_of(tmp_path, docx(body, notes | margins))
    assert {word: text.count(word) for word in grow.words} == dict.fromkeys(grow.words, 1)
