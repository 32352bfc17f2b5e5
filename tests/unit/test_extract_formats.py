"""Word documents, and what every document's limits make of it. No child process here."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Page, Unreadable, Warn
from services.extraction.extractors import registry
from services.extraction.extractors.docx import extract_docx
from services.extraction.protocol import PageReport, WarningReport
from services.extraction.worker import reports_of
from tests.support import documents

registry.load_all()


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


def refusal(source: Path, extractor: registry.Extractor, limits: Limits) -> ErrorCode:
    with pytest.raises(Unreadable) as refused:
        list(extractor(source, limits))
    return refused.value.code


def test_a_word_document_gives_sections_lists_and_tables(tmp_path: Path) -> None:
    items = list(extract_docx(written(tmp_path, documents.report_docx()), Limits()))
    assert isinstance(items[0], Facts)
    assert (items[0].title, items[0].author) == ("Annual report", "Ada")
    assert items[1:] == [
        Page("# Results\n\nRevenue rose.\n\n- first point", label="Results"),
        Page("## Outlook\n\n| Year | Sum |\n| --- | --- |\n| 2026 | 1\\|2 |", label="Outlook"),
    ]


def test_a_long_section_of_a_word_document_has_several_pages_of_one_label(tmp_path: Path) -> None:
    source = written(tmp_path, documents.report_docx())
    pages = [item for item in extract_docx(source, Limits(block_characters=20)) if isinstance(item, Page)]
    assert [page.label for page in pages] == ["Results"] * 3 + ["Outlook"] * 2


@pytest.mark.parametrize(
    "content",
    [
        documents.doctype_docx(),
        documents.nested_docx(20_000),
        documents.zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
        documents.replace_member(documents.report_docx(), "word/document.xml", b"<w:document"),
    ],
)
def test_a_damaged_or_hostile_word_document_is_corrupt(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, content), extract_docx, Limits()) is ErrorCode.CORRUPT


def test_pages_beyond_the_limit_are_cut_with_a_warning() -> None:
    reports = list(reports_of(iter([Page("one"), Page("two"), Page("three")]), Limits(pages=2)))
    assert [report.text for report in reports if isinstance(report, PageReport)] == ["one", "two"]
    assert WarningReport(warning=Warn.TRUNCATED_PAGES) in reports


def test_characters_beyond_the_limits_are_cut_with_one_warning() -> None:
    limits = Limits(characters=12, page_characters=5)
    reports = list(reports_of(iter([Page("a" * 9), Page("b" * 9), Page("c" * 9), Page("d")]), limits))
    texts = [report.text for report in reports if isinstance(report, PageReport)]
    assert texts == ["a" * 5, "b" * 5, "c" * 2]
    assert reports.count(WarningReport(warning=Warn.TRUNCATED_TEXT)) == 1


def test_a_document_exactly_at_the_limits_is_whole() -> None:
    reports = list(reports_of(iter([Page("abc"), Page("de")]), Limits(pages=2, characters=5, page_characters=3)))
    assert not [report for report in reports if isinstance(report, WarningReport)]


def test_pages_keep_the_documents_own_numbers() -> None:
    reports = list(reports_of(iter([Page("a"), Page("b", number=4), Page("c")]), Limits()))
    assert [report.number for report in reports if isinstance(report, PageReport)] == [1, 4, 5]
