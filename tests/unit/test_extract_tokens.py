"""The token estimate leans high: what it may miss is bounded for the texts that budgets are made of."""

import pytest

from libs.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("The quick brown fox jumps over the lazy dog. " * 100, 1000, 1500),
        ("東京都は日本の首都です" * 100, 1100, 1400),
        ("Это русский текст. " * 100, 900, 1900),
        ("| 1,234.56 | 2026-11-22 |\n" * 100, 1500, 3000),
        ("\ud800", 1, 1),
    ],
)
def test_a_text_costs_about_what_models_count(text: str, at_least: int, at_most: int) -> None:
    assert at_least <= estimate_tokens(text) <= at_most


def test_joining_texts_costs_no_more_than_they_do_alone() -> None:
    parts = ["Some words, ", "1234", "größer", "東京"]
    assert estimate_tokens("".join(parts)) <= sum(map(estimate_tokens, parts))
