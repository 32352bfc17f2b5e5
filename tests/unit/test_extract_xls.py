"""Legacy Excel workbooks: what a reader sees of them, and what is wrong with damaged ones."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Heavy, Item, Limits, Page, Reason, Unreadable
from services.extraction.detection import detect
from services.extraction.extractors.xls import extract_xls
from services.extraction.media_types import LEGACY_EXCEL
from tests.support.legacy_sheet_documents import (
    LegacySheet,
    biff,
    boolean_or_error,
    chart,
    link,
    note,
    number,
    ole,
    record,
    summary,
    text,
    text_box,
)


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


def read(folder: Path, stream: bytes, **streams: bytes) -> list[Item]:
    return list(extract_xls(written(folder, ole({"Workbook": stream, **streams})), Limits()))


def pages(items: list[Item]) -> list[Page]:
    return [item for item in items if isinstance(item, Page)]


def refusal(folder: Path, content: bytes, limits: Limits | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        list(extract_xls(written(folder, content), limits or Limits()))
    return refused.value


def test_a_sheet_is_a_table_of_what_its_cells_show(tmp_path: Path) -> None:
    cells = [
        *(text(0, column, name) for column, name in enumerate(("Item", "Share", "When"))),
        *(text(1, 0, "Äpfel"), number(1, 1, 0.256, style=1), number(1, 2, 45366, style=2)),
        *(boolean_or_error(2, 0, 1, error=False), boolean_or_error(2, 1, 7, error=True), number(2, 2, 1 / 3)),
    ]
    stream = biff([LegacySheet("Sales", cells)], formats=["0.0%", "dd.mm.yyyy"])
    assert pages(read(tmp_path, stream)) == [
        Page(
            "| Item | Share | When |\n| --- | --- | --- |\n"
            "| Äpfel | 25.6% | 15.03.2024 |\n| TRUE | #DIV/0! | 0.333333333 |",
            label="Sales",
        )
    ]


def test_links_are_told_once_each_and_a_crowd_of_them_is_cut(tmp_path: Path) -> None:
    targets = [f"https://example.org/{number // 2}" for number in range(2_100)]
    links = [link(number, 0, target) for number, target in enumerate(targets)]
    items = read(tmp_path, biff([LegacySheet("Links", [text(0, 0, "x"), *links])]))
    assert items[-1] == Facts(links=list(dict.fromkeys(targets))[:1_000])


def test_dates_of_the_1904_system_are_right(tmp_path: Path) -> None:
    stream = biff([LegacySheet("S", [number(0, 0, 43904, style=1)])], formats=["yyyy-mm-dd"], date_1904=True)
    assert pages(read(tmp_path, stream))[0].text == "2024-03-15"


def test_notes_text_boxes_and_charts_are_read(tmp_path: Path) -> None:
    drawn = [note(1, 1, "Bob", "Bob:\ncheck this"), text_box("a box"), chart("Fruit sold", "North", "North")]
    sheet = LegacySheet("Data", [text(0, 0, "Item"), text(0, 1, "Sum"), text(1, 0, "Apples"), *drawn])
    assert pages(read(tmp_path, biff([sheet]))) == [
        Page("| Item | Sum |\n| --- | --- |\n| Apples | [Comment by Bob: check this] |", label="Data"),
        Page("a box\nChart: Fruit sold, North", label="Data, drawings"),
    ]


def test_hidden_sheets_are_read_and_say_so(tmp_path: Path) -> None:
    sheets = [LegacySheet(name, [text(0, 0, name)], state) for state, name in enumerate(("Shown", "Hidden", "Very"))]
    items = read(tmp_path, biff(sheets))
    assert [page.label for page in pages(items)] == ["Shown", "Hidden (hidden)", "Very (hidden)"]


def test_the_container_says_what_the_workbook_is(tmp_path: Path) -> None:
    stream = biff([LegacySheet("S", [text(0, 0, "x")])])
    items = read(tmp_path, stream, **{"\x05SummaryInformation": summary("Größen", "Ada"), "_VBA_PROJECT_CUR": b""})
    facts = items[0]
    assert isinstance(facts, Facts)
    assert (facts.title, facts.author, facts.macros) == ("Größen", "Ada", True)


def test_the_type_is_recognised_and_a_stream_without_container_is_read(tmp_path: Path) -> None:
    stream = biff([LegacySheet("S", [text(0, 0, "bare")])])
    assert detect(written(tmp_path, ole({"Workbook": stream})), ".xls").media_type == LEGACY_EXCEL
    assert pages(list(extract_xls(written(tmp_path, stream), Limits())))[0].text == "bare"


def test_a_huge_workbook_says_that_it_is_heavy_before_it_is_read(tmp_path: Path) -> None:
    records = [text(0, 0, "x"), *[record(0x0999, b"\0" * 8_000)] * 2_600]
    source = written(tmp_path, biff([LegacySheet("S", records)]))
    kinds = [type(item) for item in extract_xls(source, Limits())]
    assert kinds.index(Heavy) < kinds.index(Page)


def test_a_workbook_with_a_password_is_encrypted(tmp_path: Path) -> None:
    assert refusal(tmp_path, ole({"Workbook": biff([], password=True)})).code is ErrorCode.ENCRYPTED


def test_more_cells_than_the_limit_are_refused(tmp_path: Path) -> None:
    stream = biff([LegacySheet("S", [number(row, 0, row) for row in range(20)])])
    refused = refusal(tmp_path, ole({"Workbook": stream}), Limits(cells=10))
    assert (refused.code, refused.reason) == (ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.SHEET_EXTENT)


_WHOLE = ole({"Workbook": biff([LegacySheet("S", [text(0, 0, "x")])])})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        _WHOLE[:600],
        ole({}),
        ole({"Other": b"x"}),
        ole({"Workbook": b"\xff" * 5_000}),
        ole({"Workbook": biff([LegacySheet("S")])[:60]}),
        ole({"Workbook": biff([LegacySheet("S", [record(0x0203, b"\0\0")])])}),
        ole({"Workbook": biff([LegacySheet("S", [number(0, 0, 1, style=999)])])}),
    ],
)
def test_a_damaged_workbook_is_corrupt(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).code is ErrorCode.CORRUPT


def test_drawings_that_lie_about_their_length_give_what_is_there(tmp_path: Path) -> None:
    lying = (
        record(0x005D, b"\x15\0\x12\0\x06\0") + record(0x01B6, b"\0" * 10 + b"\xff\xff") + record(0x003C, b"\0words")
    )
    sheet = LegacySheet("S", [text(0, 0, "x"), lying, record(0x100D), record(0x0085)])
    assert pages(read(tmp_path, biff([sheet])))[-1].text == "words"
