"""Which files a turn uses: references and metadata filters."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.gateway.errors import InvalidRequest
from services.gateway.files.errors import FileNotFound
from services.gateway.files.selection import select


@dataclass
class Candidate:
    """As much of a file as selection looks at."""

    metadata: dict[str, Any] = field(default_factory=dict)
    active: bool = True
    id: UUID = field(default_factory=uuid4)


def test_without_references_all_active_files_are_used() -> None:
    files = [Candidate(), Candidate(active=False), Candidate()]
    assert select(files, None) == [files[0], files[2]]


def test_an_empty_list_of_references_means_no_file() -> None:
    assert select([Candidate()], []) == []


def test_references_mean_exactly_those_files_once_and_in_order_of_upload() -> None:
    first, second, inactive = files = [Candidate(), Candidate(), Candidate(active=False)]
    assert select(files, [inactive.id, first.id, first.id]) == [first, inactive]
    assert second not in select(files, [first.id])


def test_an_unknown_reference_is_named() -> None:
    unknown = uuid4()
    with pytest.raises(FileNotFound, match=str(unknown)):
        select([Candidate()], [unknown])


METADATA = {
    "category": "financial",
    "year": 2024,
    "tags": ["a", "b"],
    "owner": {"team": "x"},
    "draft": False,
    "n": None,
}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"category": "financial"},
        {"category": "financial", "year": 2024},
        {"year": 2024.0},
        {"tags": "a"},
        {"tags": ["a", "b"]},
        {"owner.team": "x"},
        {"owner": {"team": "x"}},
        {"draft": False},
        {"n": None},
        {"category": {"$in": ["legal", "financial"]}},
        {"tags": {"$in": ["b"]}},
        {"year": {"$gt": 2023, "$lte": 2024}},
        {"category": {"$gte": "f", "$lt": "g"}},
    ],
)
def test_a_filter_matches_by_equality_membership_and_range(wanted: dict[str, Any]) -> None:
    file = Candidate(METADATA)
    assert select([file], None, wanted) == [file]


@pytest.mark.parametrize(
    "wanted",
    [
        {"category": "legal"},
        {"category": "financial", "year": 2023},
        {"missing": None},
        {"missing": {"$lt": 5}},
        {"draft": 0},
        {"year": "2024"},
        {"category": {"$in": []}},
        {"year": {"$gt": 2024}},
        {"year": {"$gt": "2"}},
        {"draft": {"$gte": 0}},
        {"owner.team.more": "x"},
        {"tags": ["a"]},
    ],
)
def test_a_filter_leaves_out_what_does_not_match(wanted: dict[str, Any]) -> None:
    assert select([Candidate(METADATA)], None, wanted) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"a": {"$ne": 1}},
        {"a": {"$where": "1"}},
        {"a": {"$in": "x"}},
        {"a": {"$gt": [1]}},
        {"a": {"$gt": None}},
        {"a": {"$gt": True}},
        {"a": {"$gt": 1, "b": 2}},
        {"$or": [{"a": 1}]},
        {"\ud800": {"$ne": 1}},
    ],
)
def test_an_operator_that_is_none_is_refused_even_without_files(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        select([], None, wanted)
    assert str(refused.value.extra["errors"]).encode()
