"""What every document's limits make of its pages. No child process here."""

from services.extraction.content import Limits, Page, Warn
from services.extraction.protocol import PageReport, WarningReport
from services.extraction.worker import reports_of


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
