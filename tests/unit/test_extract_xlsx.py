"""Excel workbooks: what a reader sees of them, and what an attacker would do with them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from services.extraction.content import ErrorCode, Facts, Heavy, Item, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.xlsx import extract_xlsx
from tests.support.documents import replace_member, unzip
from tests.support.sheet_documents import (
    STRICT,
    TRANSITIONAL,
    raw_xlsx,
    relationship_kind,
    relationships,
    xlsx,
)

_MAIN = f"{TRANSITIONAL}/spreadsheetml/2006/main"
_THREADS = "http://schemas.microsoft.com/office/2017/10/relationships"


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_xlsx(source, limits or Limits()))


def refusal(folder: Path, content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read(folder, content)
    return refused.value


def pages(items: list[Item]) -> list[Page]:
    return [item for item in items if isinstance(item, Page)]


def facts(items: list[Item]) -> Facts:
    """Merge the parts as the service does: empty values change nothing."""
    merged: dict[str, object] = {}
    for item in items:
        if isinstance(item, Facts):
            merged |= {name: value for name in Facts.__slots__ if (value := getattr(item, name)) not in (None, [])}
    return Facts(**merged)  # type: ignore[arg-type]


def text(folder: Path, content: bytes) -> str:
    return "\n".join(page.text for page in pages(read(folder, content)))


def test_a_sheet_is_a_table_of_what_its_cells_show(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Sales")
        sheet.write_row("B2", ["Item", "Share", "When", "Price"])
        sheet.write("B3", "Apples | pears")
        sheet.write("C3", 0.256, workbook.add_format({"num_format": "0.0%"}))
        sheet.write("D3", 45366, workbook.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write("E3", -1234.5, workbook.add_format({"num_format": '#,##0.00 "€";[Red](#,##0.00 "€")'}))
        sheet.write_boolean("B4", True)
        sheet.write_rich_string("C4", "half ", workbook.add_format({"bold": True}), "bold")
        sheet.write_formula("D4", "=1/0", None, "#DIV/0!")

    assert pages(read(tmp_path, xlsx(fill))) == [
        Page(
            "| Item | Share | When | Price |\n| --- | --- | --- | --- |\n"
            "| Apples \\| pears | 25.6% | 2024-03-15 | (1,234.50 €) |\n| TRUE | half bold | #DIV/0! |  |",
            label="Sales",
        )
    ]


def test_raised_and_lowered_numbers_do_not_become_other_numbers(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        raised, lowered = (workbook.add_format({"font_script": script}) for script in (1, 2))
        sheet = workbook.add_worksheet()
        sheet.write_rich_string("A1", "10", raised, "6", " H", lowered, "2", "O 1", raised, "st")

    assert "10⁶ H₂O 1st" in text(tmp_path, xlsx(fill))


def test_sheets_keep_their_order_and_hidden_ones_say_so(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        for name in ("First", "Second", "Empty", "Third"):
            workbook.add_worksheet(name)
        for name in ("First", "Second", "Third"):
            workbook.get_worksheet_by_name(name).write(0, 0, f"{name} words")
        workbook.get_worksheet_by_name("Second").hide()
        workbook.get_worksheet_by_name("Third").very_hidden()

    items = read(tmp_path, xlsx(fill))
    assert [page.label for page in pages(items)] == ["First", "Second (hidden)", "Third (hidden)"]
    assert facts(items).outline == [
        {"title": "First", "level": 1, "page": 1},
        {"title": "Second (hidden)", "level": 1, "page": 2},
        {"title": "Third (hidden)", "level": 1, "page": 3},
    ]


def test_the_pages_of_a_long_sheet_repeat_its_header_and_are_labelled_with_their_rows(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Long")
        sheet.write("A1", "Report")
        sheet.write_row("A3", ["Number", "Name"])
        for row in range(3, 60):
            sheet.write_row(row, 0, [row, f"name {row}"])

    found = pages(read(tmp_path, xlsx(fill), Limits(block_characters=500)))
    assert found[0].text.startswith("Report\n\n| Number | Name |\n| --- | --- |\n| 3 | name 3 |\n")
    assert all(page.text.startswith("| Number | Name |\n| --- | --- |\n") for page in found[1:])
    assert found[0].label == "Long"
    assert found[1].label == "Long, rows 30-56"
    assert all(len(page.text) <= 500 for page in found)
    rows = [line for page in found for line in page.text.splitlines() if "name" in line]
    assert rows == [f"| {row} | name {row} |" for row in range(3, 60)]


def test_a_row_of_words_after_a_gap_begins_a_new_table(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        for row, cells in ((0, ["Item", "Cost"]), (1, ["a", 1]), (3, ["b", 2]), (5, ["Name", "City"]), (6, ["c", "d"])):
            sheet.write_row(row, 0, cells)

    assert text(tmp_path, xlsx(fill)) == (
        "| Item | Cost |\n| --- | --- |\n| a | 1 |\n| b | 2 |\n\n| Name | City |\n| --- | --- |\n| c | d |"
    )


def test_cells_in_opposite_corners_cost_nothing_and_are_labelled_with_their_range(tmp_path: Path) -> None:
    content = raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')
    assert pages(read(tmp_path, content)) == [Page("1\n2", label="Sheet1, A1:XFD1048576")]


def test_a_diagonal_of_cells_makes_no_square_of_empty_ones(tmp_path: Path) -> None:
    columns = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    rows = (f'<row r="{n}"><c r="{c}{n}"><v>7</v></c><c r="ZZ{n}"><v>8</v></c></row>' for n, c in enumerate(columns, 1))
    found = pages(read(tmp_path, raw_xlsx("".join(rows))))
    assert sum(page.text.count("7") for page in found) == len(columns)
    assert sum(len(page.text) for page in found) < 200 * len(columns)


def test_a_row_too_long_for_a_page_is_given_in_groups_of_columns(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Wide")
        sheet.write_row(0, 0, [f"head {column}." for column in range(300)])
        sheet.write_row(1, 0, [f"cell {column}." for column in range(300)])

    found = pages(read(tmp_path, xlsx(fill), Limits(block_characters=500, page_characters=2_000)))
    assert all(len(page.text) <= 2_000 for page in found)
    joined = " ".join(page.text for page in found)
    assert all(f"cell {column}." in joined for column in range(300))
    assert found[0].label == "Wide, A1:W1"


def test_comments_stand_in_their_cells_even_in_empty_ones(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Item", "Sum"])
        sheet.write_row(2, 0, ["Apples", 3])
        sheet.write_comment("B3", "check\nthis", {"author": "Bob"})
        sheet.write_comment("A2", "nothing here", {"author": "Bob"})
        sheet.write_comment("A9", "at the end")

    assert text(tmp_path, xlsx(fill)) == (
        "| Item | Sum |\n| --- | --- |\n| [Comment by Bob: nothing here] |  |\n"
        "| Apples | 3 [Comment by Bob: check this] |\n| [Comment: at the end] |  |"
    )


def test_a_thread_is_given_once_with_the_names_of_its_people(tmp_path: Path) -> None:
    copy = '<comment ref="A1" authorId="0"><text><t>[Threaded comment] Your version of Excel</t></text></comment>'
    thread = "".join(
        f'<threadedComment ref="A1" personId="{person}"><text>{words}</text></threadedComment>'
        for person, words in (("{1}", "Is this right?"), ("{2}", "Yes."))
    )
    people = '<person displayName="Ada" id="{1}"/><person displayName="Bob" id="{2}"/>'
    content = raw_xlsx(
        '<row r="1"><c r="A1"><v>5</v></c></row>',
        parts={
            "xl/worksheets/_rels/sheet1.xml.rels": relationships(
                (relationship_kind("comments"), "../comments1.xml"),
                (f"{_THREADS}/threadedComment", "../threadedComments/one.xml"),
            ),
            "xl/comments1.xml": (
                f'<comments xmlns="{_MAIN}"><authors><author>tc={{9}}</author></authors>'
                f"<commentList>{copy}</commentList></comments>"
            ),
            "xl/threadedComments/one.xml": f"<ThreadedComments>{thread}</ThreadedComments>",
            "xl/persons/person.xml": f"<personList>{people}</personList>",
        },
    )
    listing = unzip(content)["xl/_rels/workbook.xml.rels"].decode()
    person = f'<Relationship Id="p" Type="{_THREADS}/person" Target="persons/person.xml"/></Relationships>'
    content = replace_member(
        content, "xl/_rels/workbook.xml.rels", listing.replace("</Relationships>", person).encode()
    )
    assert text(tmp_path, content) == "5 [Comment by Ada: Is this right?] [Comment by Bob: Yes.]"


def test_text_boxes_and_charts_are_read_after_their_sheet(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Data")
        sheet.write(0, 0, "cell")
        sheet.insert_textbox("C3", "first paragraph\nsecond paragraph")
        chart = workbook.add_chart({"type": "column"})
        chart.add_series(
            {
                "name": "North",
                "categories": "=Data!$A$1:$A$2",
                "values": "=Data!$B$1:$B$2",
                "categories_data": ["Apples", "Pears"],
                "values_data": [3, 4],
            }
        )
        chart.set_title({"name": "Fruit sold"})
        chart.set_x_axis({"name": "Fruit"})
        sheet.insert_chart("C9", chart)
        alone = workbook.add_chartsheet("Chart alone")
        line = workbook.add_chart({"type": "line"})
        line.add_series({"values": "=Data!$B$1:$B$2"})
        line.set_title({"name": "Alone"})
        alone.set_chart(line)

    found = pages(read(tmp_path, xlsx(fill)))
    assert [page.label for page in found] == ["Data", "Data, drawings", "Chart alone, drawings"]
    assert found[1].text == (
        "Chart: Fruit sold\nAxes: Fruit\n\n|  | North |\n| --- | --- |\n| Apples | 3 |\n| Pears | 4 |\n\n"
        "first paragraph\nsecond paragraph"
    )
    assert found[2].text.startswith("Chart: Alone\n")


def test_the_workbook_says_what_it_is_and_where_it_leads(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.set_properties({"title": "Budget", "author": "Ada", "created": datetime(2026, 1, 2, tzinfo=UTC)})
        sheet = workbook.add_worksheet()
        sheet.write_url("A1", "https://example.org/a", string="shown")
        sheet.write_url("A2", "https://example.org/a", string="again")
        sheet.write_url("A3", "internal:Sheet1!A1", string="here")

    content = xlsx(fill)
    for name in ("xl/vbaProject.bin", "xl/embeddings/Letter.docx", "_xmlsignatures/sig1.xml"):
        content = replace_member(content, name, b"x")
    found = facts(read(tmp_path, content))
    assert (found.title, found.author, found.created_at) == ("Budget", "Ada", datetime(2026, 1, 2, tzinfo=UTC))
    assert found.links == ["https://example.org/a"]
    assert found.attachments == ["Letter.docx"]
    assert found.macros
    assert found.signed


def test_links_of_formulas_are_listed_with_the_others(tmp_path: Path) -> None:
    formulas = ('HYPERLINK("https://example.org/b","here")', 'HYPERLINK("#Sheet1!A1","inside")', "HYPERLINK(A1)")
    cells = "".join(f'<c t="str"><f>{formula}</f><v>x</v></c>' for formula in formulas)
    listing = relationships((relationship_kind("hyperlink"), "https://example.org/a"))
    content = raw_xlsx(f"<row>{cells}</row>", parts={"xl/worksheets/_rels/sheet1.xml.rels": listing})
    assert facts(read(tmp_path, content)).links == ["https://example.org/a", "https://example.org/b"]


def test_buttons_of_old_workbooks_are_read_although_they_are_not_well_formed(tmp_path: Path) -> None:
    vml = '<xml xmlns:v="urn:v"><v:shape><v:textbox><div><font>Press<br> here</font></div></v:textbox></v:shape></xml>'
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relationships((relationship_kind("vmlDrawing"), "../drawings/old.vml")),
        "xl/drawings/old.vml": vml,
    }
    assert text(tmp_path, raw_xlsx("<row><c><v>1</v></c></row>", parts=parts)) == "1\nPress here"


@pytest.mark.parametrize("dialect", [TRANSITIONAL, STRICT])
def test_both_dialects_are_read(tmp_path: Path, dialect: str) -> None:
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>inline</t></is></c><c r="C1" s="1"><v>1</v></c>'
    content = raw_xlsx(f'<row r="1">{cells}</row>', dialect=dialect, formats=["0.00"], strings="<si><t>shared</t></si>")
    assert text(tmp_path, content).startswith("| shared | inline | 1.00 |")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><f>SUM(A1:A3)</f></c>", "=SUM(A1:A3)"),
        ("<c><f>SUM(A1:A3)</f><v>6</v></c>", "6"),
        ('<c t="str"><f>A1&amp;""</f><v></v></c>', ""),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c t="str"><v>line_x000D_end_x005F_x</v></c>', "line\rend_x"),
        ('<c t="s"><v>0</v></c>', "run one two"),
        ('<c t="s"><v>7</v></c>', ""),
        ('<c t="s"><v>-1</v></c>', ""),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>NaN</v></c>", "nan"),
        ('<c s="1"><v>INF</v></c>', "inf"),
        ('<c s="99"><v>5</v></c>', "5"),
        ('<c s="1"><v>-5</v></c>', "-5"),
        ('<c s="1"><v>1e308</v></c>', "1E+308"),
        ('<c t="d" s="1"><v>2024-03-15T12:00:00</v></c>', "15.03.24"),
        ('<c t="d"><v>2024-03-15</v></c>', "2024-03-15"),
        ('<c t="unknown"><v>kept</v></c>', "kept"),
    ],
)
def test_every_kind_of_cell_shows_what_excel_shows(tmp_path: Path, cell: str, shown: str) -> None:
    strings = "<si><r><t>run </t></r><r><t>one two</t></r><rPh><t>hint</t></rPh></si>"
    content = raw_xlsx(f"<row>{cell}</row>", formats=["dd.mm.yy"], strings=strings)
    assert text(tmp_path, content) == shown


def test_dates_of_a_1904_workbook_are_right(tmp_path: Path) -> None:
    row = '<row><c s="1"><v>43904</v></c><c t="d" s="1"><v>2024-03-15</v></c></row>'
    content = raw_xlsx(row, formats=["yyyy-mm-dd"], workbook_properties='date1904="1"')
    assert text(tmp_path, content).startswith("| 2024-03-15 | 2024-03-15 |")


def test_a_sheet_that_breaks_off_keeps_the_rows_before(tmp_path: Path) -> None:
    part = f'<worksheet xmlns="{_MAIN}"><sheetData><row><c><v>1</v></c></row><row><c'
    items = read(tmp_path, replace_member(raw_xlsx(""), "xl/worksheets/sheet1.xml", part.encode()))
    assert [page.text for page in pages(items)] == ["1"]
    assert Notice(Warn.UNREADABLE_PAGES) in items


@pytest.mark.parametrize("part", ["<nonsense", "", "\0", "<a>" * 300])
def test_a_workbook_without_a_readable_sheet_is_corrupt(tmp_path: Path, part: str) -> None:
    content = replace_member(raw_xlsx(""), "xl/worksheets/sheet1.xml", part.encode())
    assert refusal(tmp_path, content).code is ErrorCode.CORRUPT


def test_a_document_type_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    part = (
        '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        f'<worksheet xmlns="{_MAIN}"><sheetData><row><c t="str"><v>&x;</v></c></row></sheetData></worksheet>'
    )
    refused = refusal(tmp_path, replace_member(raw_xlsx(""), "xl/worksheets/sheet1.xml", part.encode()))
    assert (refused.code, refused.reason) == (ErrorCode.CORRUPT, Reason.DOCTYPE)


def test_a_damaged_sheet_does_not_cost_the_others(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        for name in ("One", "Two", "Three"):
            workbook.add_worksheet(name).write(0, 0, f"{name} words")

    items = read(tmp_path, replace_member(xlsx(fill), "xl/worksheets/sheet2.xml", b"<worksheet"))
    assert [page.label for page in pages(items)] == ["One", "Three"]
    assert Notice(Warn.UNREADABLE_PAGES) in items


def test_damaged_comments_and_properties_cost_no_text(tmp_path: Path) -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write("A1", "words")
        sheet.write_comment("A1", "comment")

    content = replace_member(xlsx(fill), "xl/comments1.xml", b"<comments")
    items = read(tmp_path, replace_member(content, "docProps/core.xml", b"<core"))
    assert [page.text for page in pages(items)] == ["words"]
    assert Notice(Warn.METADATA_INCOMPLETE) in items
    assert Notice(Warn.UNREADABLE_PAGES) in items


@pytest.mark.parametrize(
    "target", ["../../../etc/passwd", "/etc/passwd", "https://example.org/sheet.xml", "missing.xml"]
)
def test_a_sheet_that_is_said_to_be_elsewhere_is_not_fetched(tmp_path: Path, target: str) -> None:
    assert refusal(tmp_path, raw_xlsx("<row><c><v>1</v></c></row>", sheet_target=target)).code is ErrorCode.CORRUPT


def test_entities_do_not_multiply(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    strings = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]><sst xmlns="{_MAIN}"><si><t>&l9;</t></si></sst>'
    content = raw_xlsx('<row><c t="s"><v>0</v></c></row>', parts={"xl/sharedStrings.xml": strings})
    assert refusal(tmp_path, content).code is ErrorCode.CORRUPT


def test_a_row_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path, raw_xlsx(b"<row>" + b"<c/>" * 5_000_000 + b"</row>")).code is ErrorCode.TOO_LARGE_UNCOMPRESSED
    )


def test_more_cells_than_the_limit_are_refused_with_the_pages_before(tmp_path: Path) -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row>" * 100
    source = tmp_path / "source"
    source.write_bytes(raw_xlsx(rows))
    found: list[Item] = []
    with pytest.raises(Unreadable) as refused:
        found.extend(extract_xlsx(source, Limits(cells=150, block_characters=200)))
    assert (refused.value.code, refused.value.reason) == (ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.SHEET_EXTENT)
    assert list(extract_xlsx(source, Limits(cells=200)))


def test_empty_cells_with_a_style_do_not_count(tmp_path: Path) -> None:
    rows = '<row><c s="1"/><c s="1"/></row>' * 100 + "<row><c><v>1</v></c></row>"
    assert pages(read(tmp_path, raw_xlsx(rows, formats=["0"]), Limits(cells=1)))[0].text == "1"


def test_a_huge_workbook_says_that_it_is_heavy_before_it_is_read(tmp_path: Path) -> None:
    content = raw_xlsx("<row><c><v>1</v></c></row>" + " " * 20_000_001)
    kinds = [type(item) for item in read(tmp_path, content)]
    assert kinds.index(Heavy) < kinds.index(Page)


@pytest.mark.parametrize(
    "content",
    [
        raw_xlsx("<row r='x'/>"),
        raw_xlsx('<row><c r="1A"><v>1</v></c></row>'),
        raw_xlsx('<row><c t="s"><v>x</v></c></row>'),
    ],
)
def test_addresses_that_are_none_are_damage(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).code is ErrorCode.CORRUPT


def test_a_binary_workbook_is_of_no_supported_type(tmp_path: Path) -> None:
    listing = relationships((relationship_kind("officeDocument"), "xl/workbook.bin"))
    content = raw_xlsx("", parts={"_rels/.rels": listing, "xl/workbook.bin": b"\x83\x01"})
    assert refusal(tmp_path, content).code is ErrorCode.UNSUPPORTED_TYPE


def test_cells_whose_text_the_workbook_lacks_are_warned_of(tmp_path: Path) -> None:
    content = raw_xlsx('<row><c t="s"><v>7</v></c><c><v>1</v></c></row>')
    found = read(tmp_path, content)
    assert Notice(Warn.PARTIAL) in found
    assert any(isinstance(item, Page) and "1" in item.text for item in found)
