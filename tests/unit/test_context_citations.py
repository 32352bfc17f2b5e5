"""A quote counts only if it occurs in the page it names."""

from uuid import UUID, uuid4

import pytest

from services.gateway.chat.citations import cite
from services.gateway.chat.models import Reference
from services.gateway.chat.passages import Passage

FILE, OTHER, CONVERSATION = uuid4(), uuid4(), uuid4()
PAGE = "Preamble.\nThe contract number is\n  QX-4471 and the total is 950.50 euros."


def cited(answer: str, *passages: Passage) -> list[Reference]:
    names = {FILE: "contract.pdf", OTHER: "other.pdf"}
    return cite(answer, passages or (page(PAGE),), names, source="Assistant", source_id=CONVERSATION)


def page(text: str, number: int = 1, start: int = 0, file_id: UUID = FILE) -> Passage:
    return Passage(file_id, number, start, text)


def test_a_sentence_of_the_page_becomes_a_reference_with_the_pages_own_characters() -> None:
    (reference,) = cited("The contract number is QX-4471. I made up the rest of this.")
    assert reference.quote == "The contract number is\n  QX-4471"
    assert PAGE[reference.start_char : reference.end_char] == reference.quote
    assert (reference.sequence_number, reference.page, reference.name) == (1, 1, "contract.pdf")
    assert reference.url == f"unique://content/{FILE}"
    assert (reference.source, reference.source_id) == ("Assistant", CONVERSATION)


def test_what_does_not_occur_is_no_reference() -> None:
    assert cited("The contract number is QX-4472.") == []
    assert cited("the Contract Number is qx-4471.") == []


@pytest.mark.parametrize(
    "answer", ["The total is 950", "the total is 950", "umber is QX-4471 and", "contract number is Q"]
)
def test_a_part_of_a_longer_word_or_number_is_no_reference(answer: str) -> None:
    assert cited(answer) == []


def test_a_short_quotation_counts_when_it_is_marked_as_one() -> None:
    (reference,) = cited('The number in it is "QX-4471".')
    assert reference.quote == "QX-4471"
    assert cited("QX-4471") == []


def test_places_in_a_passage_are_counted_from_the_start_of_its_page() -> None:
    (reference,) = cited("The contract number is QX-4471.", page(PAGE[10:], number=7, start=10))
    assert (reference.page, reference.start_char) == (7, 10)


def test_references_are_numbered_in_the_order_of_the_answer_and_each_place_once() -> None:
    passages = (page("Alpha is the first letter."), page("Omega is the last letter.", file_id=OTHER))
    answer = "Omega is the last letter. Alpha is the first letter. Omega is the last letter."
    references = cited(answer, *passages)
    assert [(one.sequence_number, one.name) for one in references] == [(1, "other.pdf"), (2, "contract.pdf")]


def test_chinese_sentences_are_found_in_running_text() -> None:
    text = (
        "\u7b2c\u4e00\u6761\u5408\u540c\u7f16\u53f7\u662f\u56db\u56db\u4e03\u4e00\u4ee5\u53ca\u603b\u4ef7\u4e5d\u767e"
    )
    (reference,) = cited(text[3:17] + "\u3002", page(text))
    assert (reference.start_char, reference.end_char) == (3, 17)


def test_an_answer_full_of_pattern_characters_is_only_text() -> None:
    assert cited("(.*)+ [a-z]{1,} \\d+ ^$ |?") == []
