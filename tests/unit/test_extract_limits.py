"""What every document's limits make of its pages. No child process here."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.extraction.content import Facts, Heavy, Item, Limits, Page, Warn
from services.extraction.extractors.eml import extract_eml
from services.extraction.protocol import FactsReport, HeavyReport, PageReport, WarningReport
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


def test_a_document_says_once_that_it_is_heavy() -> None:
    items: list[Item] = [Heavy(), Page("a"), Heavy(), Page("b")]
    assert [type(report) for report in reports_of(iter(items), Limits())] == [HeavyReport, PageReport, PageReport]


def test_a_time_that_no_store_can_hold_is_left_out() -> None:
    beginning = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    (report,) = reports_of(iter([Facts(title="Old", created_at=beginning)]), Limits())
    assert isinstance(report, FactsReport)
    assert (report.title, report.created_at) == ("Old", None)


def test_times_are_told_in_utc() -> None:
    moment = datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=2)))
    (report,) = reports_of(iter([Facts(created_at=moment)]), Limits())
    assert isinstance(report, FactsReport)
    assert report.created_at == datetime(2026, 1, 1, 23, tzinfo=UTC)


def test_a_number_of_pages_that_no_store_can_hold_breaks_the_protocol() -> None:
    with pytest.raises(ValidationError):
        FactsReport(page_count=10**30)


def test_an_outline_deeper_than_can_be_told_is_cut_to_what_can() -> None:
    outline = [{"title": "x", "level": level, "page": 1} for level in (0, 1, 100, 101)]
    (report,) = reports_of(iter([Facts(outline=outline)]), Limits())
    assert isinstance(report, FactsReport)
    assert [entry.level for entry in report.outline] == [1, 1, 100, 100]


def test_mail_nested_deeper_than_an_outline_is_read(tmp_path: Path) -> None:
    source = tmp_path / "nested.eml"
    source.write_bytes(
        b"Subject: s\r\nContent-Type: message/rfc822\r\n\r\n" * 110 + b"Subject: s\r\n\r\ninnermost words"
    )
    reports = list(reports_of(extract_eml(source, Limits()), Limits()))
    assert any("innermost words" in report.text for report in reports if isinstance(report, PageReport))
    assert max(entry.level for facts in reports if isinstance(facts, FactsReport) for entry in facts.outline) == 100
