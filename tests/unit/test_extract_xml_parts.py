"""What is read from XML whatever the format."""

import pytest

from services.extraction.extractors.xml_parts import whole_number


@pytest.mark.parametrize(
    ("text", "found"),
    [("0", 1), ("7", 7), ("51", 50), ("9" * 5_000, 50), ("", 3), ("-7", 3), ("1.5", 3), ("٣", 3), ("²", 3)],
)
def test_a_number_is_read_within_its_bounds_however_it_is_written(text: str, found: int) -> None:
    assert whole_number(text, 3, 50, least=1) == found


def test_what_stands_in_for_a_number_is_bounded_too() -> None:
    assert whole_number("none", 1, 0) == 0
