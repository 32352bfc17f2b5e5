"""What clients send beside a file, and how a file is shown."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.gateway.errors import InvalidRequest
from services.gateway.files.display import size_display
from services.gateway.files.models import AttachForm, AttachQuery, FileChanges
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.requests import validate


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KB"),
        (2621440, "2.50 MB"),
        (1024**2 - 1, "1.00 MB"),
        (5 * 1024**3, "5.00 GB"),
        (3 * 1024**4, "3.00 TB"),
    ],
)
def test_sizes_read_as_in_the_seed(size_bytes: int, shown: str) -> None:
    assert size_display(size_bytes) == shown


def test_empty_form_fields_count_as_absent() -> None:
    form = validate(AttachForm, {"conversation_id": "", "metadata": " ", "skip_extraction": ""})
    assert (form.conversation_id, form.metadata, form.skip_extraction) == (None, {}, False)


def test_form_fields_are_read() -> None:
    form = validate(AttachForm, {"metadata": '{"category": "financial"}', "skip_extraction": "true"})
    assert (form.metadata, form.skip_extraction) == ({"category": "financial"}, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"conversation_id": "nonsense"},
        {"metadata": "not json"},
        {"metadata": "[1]"},
        {"metadata": "null"},
        {"metadata": '{"a": NaN}'},
        {"metadata": '{"a": 1e999}'},
        {"metadata": '{"a": 9223372036854775808}'},
        {"metadata": '{"$ne": 1}'},
        {"metadata": '{"a.b": 1}'},
        {"metadata": '{"": 1}'},
        {"metadata": '{"a": "\\u0000"}'},
        {"metadata": '{"a": "\\ud800"}'},
        {"metadata": "[" * 100_000},
        {"metadata": json.dumps({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}})},
        {"metadata": json.dumps({"a": "x" * 20_000})},
        {"skip_extraction": "perhaps"},
        {"state": "stored"},
        {"owner": "somebody else"},
    ],
)
def test_fields_that_cannot_be_meant_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        validate(AttachForm, fields)


@pytest.mark.parametrize("body", [[], {"is_active": None}, {"metadata": None}, {"active": True}, {"is_active": "x"}])
def test_changes_that_cannot_be_meant_are_refused(body: Any) -> None:
    with pytest.raises(InvalidRequest):
        validate(FileChanges, body)


@pytest.mark.parametrize(("wait", "seconds"), [(None, 10), ("0", 0), ("2.5", 2.5), ("60", 60), ("3600", 60)])
def test_waiting_is_bounded(wait: str | None, seconds: float) -> None:
    query = validate(AttachQuery, {} if wait is None else {"wait": wait})
    assert query.bounded(timedelta(seconds=10), timedelta(seconds=60)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("wait", ["-1", "nan", "inf", "soon", ""])
def test_a_wait_that_is_no_time_is_refused(wait: str) -> None:
    with pytest.raises(InvalidRequest):
        validate(AttachQuery, {"wait": wait})


def test_a_fingerprint_minds_neither_the_order_of_fields_nor_the_layout_of_json() -> None:
    one, other = Fingerprint("POST", "/x"), Fingerprint("POST", "/x")
    one.add_text("a", "1")
    one.add_file("file", "n.txt", "00")
    one.add_json({"a": 1, "b": 2})
    other.add_json({"b": 2, "a": 1})
    other.add_file("file", "n.txt", "00")
    other.add_text("a", "1")
    assert one.hexdigest() == other.hexdigest()


def test_a_fingerprint_tells_requests_apart() -> None:
    def fingerprint(path: str, value: str, sha256: str) -> str:
        made = Fingerprint("POST", path)
        made.add_text("a", value)
        made.add_file("file", "n.txt", sha256)
        return made.hexdigest()

    variants = [("/x", "1", "00"), ("/x?wait=1", "1", "00"), ("/x", "2", "00"), ("/x", "1", "01")]
    assert len({fingerprint(*variant) for variant in variants}) == len(variants)
