"""BM25 against an example computed by hand."""

from math import log

import pytest

from services.gateway.chat.bm25 import Corpus, Question
from services.gateway.chat.terms import analyzer

PASSAGES = ("the cat sat", "the dog sat on the dog mat", "birds fly")


def scores(question: str, *passages: str) -> list[float]:
    corpus, asked = Corpus(), Question(question)
    counted = [asked.count(passage, analyzer(None)) for passage in passages]
    for length, counts in counted:
        corpus.add(length, counts)
    return [corpus.score(length, counts) for length, counts in counted]


def test_scores_are_those_of_the_formula() -> None:
    # N = 3, average length (3 + 7 + 2) / 3 = 4; "dog" is in one passage (tf 2), "sat" in two (tf 1 each).
    dog, sat = log(1 + 2.5 / 1.5), log(1 + 1.5 / 2.5)
    first = sat * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / 4))
    long = 1.2 * (0.25 + 0.75 * 7 / 4)
    second = dog * 2 * 2.2 / (2 + long) + sat * 1 * 2.2 / (1 + long)
    assert scores("sat dog", *PASSAGES) == pytest.approx([first, second, 0.0])


def test_a_rare_word_outweighs_a_common_one() -> None:
    rare, common = scores("the invoice", "an invoice here", "the other one", "the next one", "the last one")[:2]
    assert rare > common > 0


def test_words_count_once_however_often_the_question_repeats_them() -> None:
    assert scores("dog dog dog", *PASSAGES) == scores("dog", *PASSAGES)


def test_a_question_without_words_scores_nothing() -> None:
    assert scores("?!", *PASSAGES) == [0.0, 0.0, 0.0]


def test_passages_of_several_languages_are_compared_by_the_questions_words() -> None:
    question = Question("contracts")
    assert question.count("one contract", analyzer("en"))[1] == ((0, 1),)
    assert question.count("one contract", analyzer("de"))[1] == ()


def test_a_pasted_novel_as_question_is_bounded() -> None:
    assert len(Question(" ".join(f"word{number}" for number in range(10_000))).words) == 200
