"""OpenDocument spreadsheets: what a reader sees of them, and what an attacker would do with them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Item, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.ods import extract_ods
from tests.support.documents import replace_member
from tests.support.sheet_documents import odf_content, ods


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_ods(source, limits or Limits()))


def pages(items: list[Item]) -> list[Page]:
    return [item for item in items if isinstance(item, Page)]


def refusal(folder: Path, content: bytes, limits: Limits | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read(folder, content, limits)
    return refused.value


def table(rows: str, name: str = "Sheet1", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{rows}</table:table>'


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def cell(content: str, kind: str = "string", repeated: int = 1) -> str:
    attributes = f'office:value-type="{kind}" table:number-columns-repeated="{repeated}"'
    return f"<table:table-cell {attributes}>{content}</table:table-cell>"


def words(text: str) -> str:
    return cell(f"<text:p>{text}</text:p>")


def test_a_sheet_is_a_table_of_what_its_cells_show(tmp_path: Path) -> None:
    rows = row(words("Item"), words("Share")) + row(words("Apples"), cell("<text:p>25,6 %</text:p>", "percentage"))
    assert pages(read(tmp_path, ods(table(rows, "Sales")))) == [
        Page("| Item | Share |\n| --- | --- |\n| Apples | 25,6 % |", label="Sales")
    ]


def test_inline_elements_and_paragraphs_of_a_cell_are_kept(tmp_path: Path) -> None:
    content = (
        '<text:p>a<text:s text:c="2"/>b<text:tab/>c<text:line-break/><text:span>d</text:span>e '
        '<text:a xlink:href="https://example.org/">link</text:a>.</text:p><text:p>second</text:p>'
    )
    items = read(tmp_path, ods(table(row(cell(content)))))
    assert pages(items)[0].text == "a  b\tc\nde link.\nsecond"
    assert items[-1] == Facts(links=["https://example.org/"])


def test_links_are_told_once_each_and_a_crowd_of_them_is_cut(tmp_path: Path) -> None:
    targets = [f"https://example.org/{number // 2}" for number in range(2_100)]
    links = "".join(f'<text:a xlink:href="{target}">x</text:a>' for target in targets)
    assert read(tmp_path, ods(table(row(words(links)))))[-1] == Facts(links=list(dict.fromkeys(targets))[:1_000])


def test_a_value_without_text_is_shown_itself(tmp_path: Path) -> None:
    cells = '<table:table-cell office:value-type="float" office:value="3.5"/>' + words("x")
    assert pages(read(tmp_path, ods(table(row(cells)))))[0].text.startswith("| 3.5 | x |")


def test_comments_stand_in_their_cells(tmp_path: Path) -> None:
    note = (
        "<office:annotation><dc:creator>Bob</dc:creator><text:p>check</text:p><text:p>this</text:p></office:annotation>"
    )
    items = read(tmp_path, ods(table(row(cell(f"{note}<text:p>5</text:p>"), cell(note)))))
    assert pages(items)[0].text.startswith("| 5 [Comment by Bob: check this] | [Comment by Bob: check this] |")


def test_hidden_sheets_are_read_and_say_so(tmp_path: Path) -> None:
    properties = '<style:table-properties table:display="false"/>'
    styles = f'<style:style style:name="gone" style:family="table">{properties}</style:style>'
    sheets = table(row(words("a")), "One") + table("", "Empty") + table(row(words("b")), "Two", style="gone")
    items = read(tmp_path, ods(sheets, styles=styles))
    assert [(page.label, page.text) for page in pages(items)] == [("One", "a"), ("Two (hidden)", "b")]
    assert items[-2] == Facts(
        outline=[{"title": "One", "level": 1, "page": 1}, {"title": "Two (hidden)", "level": 1, "page": 2}]
    )


def test_text_boxes_and_charts_are_read_after_their_sheet(tmp_path: Path) -> None:
    box = "<draw:frame><draw:text-box><text:p>box words</text:p></draw:text-box></draw:frame>"
    shapes = '<table:shapes><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></table:shapes>'
    chart = odf_content(
        "<text:p>Fruit sold</text:p>" + row(words("North"), cell("<text:p>12</text:p>", "float")) + row(words("North"))
    )
    content = ods(table(shapes + row(cell(f"{box}<text:p>cell</text:p>"))), parts={"Object 1/content.xml": chart})
    found = pages(read(tmp_path, content))
    assert [(page.label, page.text) for page in found] == [
        ("Sheet1", "cell"),
        ("Sheet1, drawings", "Chart: Fruit sold, North\nbox words"),
    ]


def test_a_sheet_of_drawings_alone_is_read(tmp_path: Path) -> None:
    shapes = "<table:shapes><draw:custom-shape><text:p>alone</text:p></draw:custom-shape></table:shapes>"
    assert [page.label for page in pages(read(tmp_path, ods(table(shapes))))] == ["Sheet1, drawings"]


def test_groups_covered_cells_and_repetitions_keep_rows_and_columns_in_place(tmp_path: Path) -> None:
    rows = (
        row(words("Item"), "<table:covered-table-cell/>", cell("<text:p>x</text:p>", repeated=2))
        + row(cell("", repeated=16384), repeated=3)
        + f"<table:table-row-group>{row(cell('<text:p>1</text:p>', 'float'), repeated=2)}</table:table-row-group>"
        + row(cell("", repeated=16384), repeated=1048570)
    )
    found = pages(read(tmp_path, ods(table(rows)), Limits(block_characters=50)))
    assert found[0].text == "| Item | x | x |\n| --- | --- | --- |"
    assert [page.label for page in found[1:]] == ["Sheet1, rows 5-6"]


def test_numbers_of_thousands_of_digits_cost_nothing(tmp_path: Path) -> None:
    most = "9" * 5_000
    gap = f'<table:table-row table:number-rows-repeated="{most}"/>'
    empty = f'<table:table-cell table:number-columns-repeated="{most}"/>'
    content = ods(table(row(words(f'a<text:s text:c="{most}"/>b'), empty) + gap + row(words("after"))))
    assert "after" in "".join(page.text for page in pages(read(tmp_path, content)))


def test_a_cell_repeated_over_a_whole_sheet_is_cut_at_the_limit_of_cells(tmp_path: Path) -> None:
    content = ods(table(row(cell("<text:p>x</text:p>", repeated=2_000_000_000), repeated=2_000_000_000)))
    refused = refusal(tmp_path, content, Limits(cells=100_000))
    assert (refused.code, refused.reason) == (ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.SHEET_EXTENT)


def test_the_document_says_what_it_is(tmp_path: Path) -> None:
    meta = odf_content(
        "<dc:title>Budget</dc:title><meta:initial-creator>Ada</meta:initial-creator>"
        "<meta:creation-date>2026-01-02T03:04:05</meta:creation-date>"
    )
    parts: dict[str, str | bytes] = {
        "meta.xml": meta,
        "Basic/script-lc.xml": "<x/>",
        "Object 1": b"\xd0\xcf",
        "META-INF/documentsignatures.xml": "",
    }
    facts, embedded, *_ = read(tmp_path, ods(table(""), parts=parts))
    assert isinstance(facts, Facts)
    assert embedded == Facts(attachments=["Object 1"])
    assert (facts.title, facts.author) == ("Budget", "Ada")
    assert facts.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert facts.macros
    assert facts.signed


def test_damaged_properties_cost_no_text(tmp_path: Path) -> None:
    items = read(tmp_path, ods(table(row(words("x"))), parts={"meta.xml": "<meta"}))
    assert [page.text for page in pages(items)] == ["x"]
    assert Notice(Warn.METADATA_INCOMPLETE) in items


def test_a_document_with_a_password_is_encrypted(tmp_path: Path) -> None:
    assert refusal(tmp_path, ods("", encrypted=True)).code is ErrorCode.ENCRYPTED


@pytest.mark.parametrize("content", ["", "<nonsense", "\0", "<a>" * 300])
def test_damaged_content_is_corrupt(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, replace_member(ods(""), "content.xml", content.encode())).code is ErrorCode.CORRUPT


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    declared = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + odf_content(table(row(words("&e;"))))
    refused = refusal(tmp_path, replace_member(ods(""), "content.xml", declared.encode()))
    assert (refused.code, refused.reason) == (ErrorCode.CORRUPT, Reason.DOCTYPE)


def test_what_lies_outside_the_package_is_not_fetched(tmp_path: Path) -> None:
    shapes = "".join(
        f'<draw:frame><draw:object xlink:href="{target}"/></draw:frame>'
        for target in ("../../../etc", "https://example.org")
    )
    found = pages(read(tmp_path, ods(table(f"<table:shapes>{shapes}</table:shapes>" + row(words("x"))))))
    assert [page.text for page in found] == ["x"]
