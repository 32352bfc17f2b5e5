"""Conditional and range requests, RFC 9110 §13 and §14."""

from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from aiohttp.test_utils import make_mocked_request

from services.storage.preconditions import Selection, select

ETAG = "abc"
MODIFIED = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SAME, EARLIER, LATER = (f"Sun, 22 Nov 2026 {clock} GMT" for clock in ("12:00:00", "11:59:59", "12:00:01"))
SIZE = 100
WHOLE = Selection(HTTPStatus.OK, 0, SIZE)
NOT_MODIFIED = Selection(HTTPStatus.NOT_MODIFIED)
FAILED = Selection(HTTPStatus.PRECONDITION_FAILED)
UNSATISFIABLE = Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)


def ask(method: str = "GET", **headers: str) -> Selection:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request(method, "/d/x", headers=sent)
    return select(request, etag=ETAG, modified_at=MODIFIED, size_bytes=SIZE)


def part(start: int, end: int) -> Selection:
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, end)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", part(0, 10)),
        ("bytes=0-0", part(0, 1)),
        ("bytes=99-99", part(99, 100)),
        ("bytes=10-", part(10, 100)),
        ("bytes=0-", part(0, 100)),
        ("bytes=-1", part(99, 100)),
        ("bytes=-100", part(0, 100)),
        ("bytes=-101", part(0, 100)),
        ("bytes=50-1000", part(50, 100)),
        ("BYTES=1-2", part(1, 3)),
        ("bytes= 1-2 ", part(1, 3)),
        ("bytes=100-", UNSATISFIABLE),
        ("bytes=100-200", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=5-4", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=1-2,5-6", WHOLE),
        ("bytes=1-2;", WHOLE),
        ("bytes=--1", WHOLE),
        ("bytes=0x1-2", WHOLE),
        ("bytes=٣-٤", WHOLE),
        ("pages=1-2", WHOLE),
        ("", WHOLE),
        ("bytes=0-" + "9" * 5000, WHOLE),
    ],
)
def test_a_range_selects_its_bytes_or_is_ignored(header: str, expected: Selection) -> None:
    assert ask(Range=header) == expected


def test_head_has_no_ranges() -> None:
    assert ask("HEAD", Range="bytes=0-9") == WHOLE


@pytest.mark.parametrize("condition", ['"abc"', ' "abc" ', SAME])
def test_if_range_that_holds_keeps_the_range(condition: str) -> None:
    assert ask(Range="bytes=0-9", If_Range=condition) == part(0, 10)


@pytest.mark.parametrize("condition", ['"other"', 'W/"abc"', "abc", "*", EARLIER, LATER, "nonsense", ""])
def test_if_range_that_does_not_hold_gives_the_whole(condition: str) -> None:
    assert ask(Range="bytes=0-9", If_Range=condition) == WHOLE


@pytest.mark.parametrize("tags", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_what_the_client_has_is_not_sent_again(tags: str) -> None:
    assert ask(If_None_Match=tags) == NOT_MODIFIED
    assert ask("HEAD", If_None_Match=tags) == NOT_MODIFIED
    assert ask(If_None_Match=tags, Range="bytes=0-9") == NOT_MODIFIED


def test_what_the_client_has_not_is_sent() -> None:
    assert ask(If_None_Match='"x"') == WHOLE


@pytest.mark.parametrize(("since", "expected"), [(SAME, NOT_MODIFIED), (LATER, NOT_MODIFIED), (EARLIER, WHOLE)])
def test_modification_is_told_by_time_where_no_tag_is_given(since: str, expected: Selection) -> None:
    assert ask(If_Modified_Since=since) == expected
    assert ask(If_Modified_Since=since, If_None_Match='"x"') == WHOLE


@pytest.mark.parametrize(
    ("tags", "expected"), [('"abc"', WHOLE), ("*", WHOLE), ('"x"', FAILED), ('W/"abc"', FAILED), ('"x","abc"', WHOLE)]
)
def test_if_match_compares_strongly(tags: str, expected: Selection) -> None:
    assert ask(If_Match=tags) == expected


@pytest.mark.parametrize(("since", "expected"), [(SAME, WHOLE), (LATER, WHOLE), (EARLIER, FAILED)])
def test_if_unmodified_since_is_heard_where_no_tag_is_given(since: str, expected: Selection) -> None:
    assert ask(If_Unmodified_Since=since) == expected
    assert ask(If_Unmodified_Since=since, If_Match='"abc"') == WHOLE


def test_nonsense_conditions_are_ignored() -> None:
    assert ask(If_Modified_Since="yesterday", If_Unmodified_Since="tomorrow") == WHOLE


def test_no_range_of_an_empty_file_can_be_satisfied() -> None:
    request = make_mocked_request("GET", "/d/x", headers={"Range": "bytes=0-0"})
    found = select(request, etag=ETAG, modified_at=MODIFIED, size_bytes=0)
    assert found == UNSATISFIABLE
