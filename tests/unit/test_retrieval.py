"""What of the documents is read within a budget."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID, uuid4

from libs.contracts.records import PageKey, PageRecord
from libs.tokens import estimate_tokens
from services.gateway.chat.retrieval import Document, Excerpt, Retriever

FILLER = "Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor. " * 8


class Pages:
    """Documents in memory; remembers how many pages were read."""

    def __init__(self, texts: Mapping[UUID, Sequence[str]]) -> None:
        self.texts = texts
        self.read = 0

    async def pages(self, file_id: UUID, *, first: int = 1, limit: int | None = None) -> AsyncIterator[PageRecord]:
        """Yield pages as the database does."""
        assert limit is None
        for number, text in enumerate(self.texts[file_id], 1):
            if number >= first:
                self.read += 1
                yield PageRecord(id=PageKey(file_id=file_id, number=number), text=text, char_count=len(text))


async def read(
    question: str, *documents: Sequence[str], budget: int, top_k: int | None = None
) -> tuple[list[Excerpt], Pages]:
    texts = {uuid4(): pages for pages in documents}
    described = [
        Document(file_id, sum(map(estimate_tokens, pages)), len(pages), "en", overhead=10, page_overhead=5)
        for file_id, pages in texts.items()
    ]
    pages = Pages(texts)
    excerpts = await Retriever(pages).read(question, described, budget=budget, top_k=top_k)
    return [excerpts[file_id] for file_id in texts], pages


async def test_what_fits_is_read_whole() -> None:
    (first, second), _ = await read("anything", ["one", "two"], ["three"], budget=200)
    assert (first.whole, first.pages, second.whole) == (True, [1, 2], True)
    assert [passage.text for passage in first.passages] == ["one", "two"]


async def test_of_a_long_document_the_relevant_page_is_read() -> None:
    pages = [FILLER] * 500
    pages[322] = FILLER + "The contract number is QX-4471."
    (excerpt,), _ = await read("What is the contract number?", pages, budget=500)
    assert not excerpt.whole
    assert 323 in excerpt.pages
    assert excerpt.tokens <= 500


async def test_only_the_chosen_stretch_of_the_document_is_read_again() -> None:
    pages = [FILLER] * 200
    pages[4] = "The contract number is QX-4471."
    _, source = await read("contract number", pages, budget=150, top_k=1)
    assert source.read == 200 + 1


async def test_top_k_bounds_the_passages_retrieved() -> None:
    (excerpt,), _ = await read("lorem", [f"{number} {FILLER}" for number in range(50)], budget=3000, top_k=3)
    assert len(excerpt.pages) == 3


async def test_every_document_has_its_say_however_loud_another_is() -> None:
    loud = ["invoice total invoice total invoice " + FILLER] * 50
    quiet = [FILLER] * 49 + ["The invoice was paid." + FILLER]
    (first, second), _ = await read("invoice total", loud, quiet, budget=1500)
    assert 50 in second.pages
    assert first.pages
    assert abs(first.tokens - second.tokens) < 500


async def test_a_small_document_beside_a_huge_one_is_read_whole() -> None:
    (huge, small), _ = await read("note", [FILLER] * 100, ["a small note"], budget=1000)
    assert (small.whole, huge.whole) == (True, False)
    assert huge.tokens > 500


async def test_a_single_huge_page_gives_the_passage_that_answers() -> None:
    page = FILLER * 30 + "The vault opens at nine.\n\n" + FILLER * 30
    (excerpt,), _ = await read("When does the vault open?", [page], budget=1200)
    (passage,) = [passage for passage in excerpt.passages if "vault" in passage.text]
    assert page[passage.start : passage.start + len(passage.text)] == passage.text
    assert excerpt.tokens <= 1200


async def test_a_passage_longer_than_all_the_room_is_cut_to_it() -> None:
    (excerpt,), _ = await read("lorem", [FILLER], budget=60)
    assert 20 <= excerpt.tokens <= 60
    assert not excerpt.whole


async def test_without_room_nothing_is_read() -> None:
    (excerpt,), _ = await read("lorem", [FILLER], budget=0)
    assert (excerpt.passages, excerpt.whole) == ((), False)


async def test_a_question_that_matches_nothing_reads_from_the_beginning() -> None:
    (excerpt,), _ = await read("zebra", [f"{number} {FILLER}" for number in range(50)], budget=1000)
    assert excerpt.pages[:2] == [1, 2]


async def test_many_documents_share_a_small_budget_and_stay_within_it() -> None:
    excerpts, _ = await read("invoice", *([f"invoice {number} {FILLER}"] for number in range(60)), budget=2000)
    assert sum(excerpt.tokens for excerpt in excerpts) <= 2000
    assert sum(bool(excerpt.passages) for excerpt in excerpts) >= 10


async def test_a_record_that_understates_its_document_does_not_widen_the_budget() -> None:
    file_id = uuid4()
    document = Document(file_id, tokens=10, pages=2, language=None, overhead=5, page_overhead=5)
    excerpts = await Retriever(Pages({file_id: [FILLER] * 50})).read("x", [document], budget=500, top_k=None)
    assert (excerpts[file_id].whole, excerpts[file_id].passages) == (False, ())
