"""Choose what of the turn's documents the model reads: whole texts where they fit, else the most relevant passages.

Pages are read as a stream. Of a passage that competes only its place, size and word counts are remembered; the texts of
the chosen ones are read again, so memory follows the budget, not the documents.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol
from uuid import UUID

from libs.contracts.records import PageRecord
from libs.tokens import estimate_tokens
from services.gateway.chat.basket import Basket, Candidate
from services.gateway.chat.bm25 import Corpus, Question
from services.gateway.chat.budget import fair_shares
from services.gateway.chat.passages import LONGEST_CHARS, SHORTEST_CHARS, Passage, Span, cut
from services.gateway.chat.terms import Analyzer, analyzer

_CHARS_PER_TOKEN = 2
"""Low on purpose: a passage is cut short enough that a file's share holds more than one."""


class PageReader(Protocol):
    """Where pages come from."""

    def pages(self, file_id: UUID, *, first: int = 1, limit: int | None = None) -> AsyncIterator[PageRecord]:
        """Yield a file's pages in order."""


@dataclass(frozen=True)
class Document:
    """A file with text. ``overhead`` is what naming it costs, ``page_overhead`` what marking each passage does."""

    file_id: UUID
    tokens: int
    pages: int
    language: str | None
    overhead: int
    page_overhead: int

    @property
    def cost(self) -> int:
        """Tokens its whole text takes in a prompt."""
        return self.tokens + self.overhead + self.pages * self.page_overhead


@dataclass(frozen=True)
class Excerpt:
    """What the model reads of one document, in the document's order."""

    passages: tuple[Passage, ...]
    whole: bool

    @property
    def pages(self) -> list[int]:
        """The pages it comes from."""
        return sorted({passage.page for passage in self.passages})

    @property
    def tokens(self) -> int:
        """Tokens of the text alone."""
        return sum(estimate_tokens(passage.text) for passage in self.passages)


class Retriever:
    """Reads documents for a question within a budget."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    async def read(
        self, question: str, documents: Sequence[Document], *, budget: int, top_k: int | None
    ) -> dict[UUID, Excerpt]:
        """Return an excerpt of each document; it is empty where the budget, or ``top_k`` passages, had no room left."""
        shares = fair_shares({document.file_id: document.cost for document in documents}, budget)
        fitting = [document for document in documents if document.cost <= shares[document.file_id]]
        excerpts = {document.file_id: await self._whole(document) for document in fitting}
        rest = [document for document in documents if document.file_id not in excerpts]
        if rest:
            basket = Basket(budget - sum(document.cost for document in fitting), shares, top_k)
            basket.fill(await self._ranked(question, rest, shares))
            for document in rest:
                excerpts[document.file_id] = await self._excerpt(document, basket.spans(document.file_id))
        return excerpts

    async def _whole(self, document: Document) -> Excerpt:
        """Read all pages; should they hold more than the document's record says, stop there."""
        passages: list[Passage] = []
        left = document.cost
        async for page in self._reader.pages(document.file_id):
            left -= estimate_tokens(page.text)
            if left < 0:
                return Excerpt(tuple(passages), whole=False)
            if page.text.strip():
                passages.append(Passage(document.file_id, page.id.number, 0, page.text))
        return Excerpt(tuple(passages), whole=True)

    async def _ranked(self, question: str, documents: Sequence[Document], shares: dict[UUID, int]) -> list[Candidate]:
        """Measure every passage of these documents; the best comes first, equals in the documents' order."""
        corpus, asked = Corpus(), Question(question)
        measured: list[_Measured] = []
        for document in documents:
            longest = min(LONGEST_CHARS, max(SHORTEST_CHARS, shares[document.file_id] * _CHARS_PER_TOKEN))
            analyze = analyzer(document.language)
            async for page in self._reader.pages(document.file_id):
                measured += await asyncio.to_thread(_measure, document, page, longest, asked, analyze)
        for one in measured:
            corpus.add(one.length, one.counts)
        scored = [(corpus.score(one.length, one.counts), one.candidate) for one in measured]
        return [candidate for _, candidate in sorted(scored, key=lambda pair: -pair[0])]

    async def _excerpt(self, document: Document, spans: Sequence[Span]) -> Excerpt:
        by_page: dict[int, list[Span]] = {}
        for span in sorted(spans, key=lambda span: (span.page, span.start)):
            by_page.setdefault(span.page, []).append(span)
        if not by_page:
            return Excerpt((), whole=False)
        found: list[list[Passage]] = []
        async for page in self._reader.pages(document.file_id, first=min(by_page)):
            found.append(_texts(page, by_page.get(page.id.number, [])))
            if page.id.number >= max(by_page):
                break
        return Excerpt(tuple(chain.from_iterable(found)), whole=False)


@dataclass(frozen=True)
class _Measured:
    candidate: Candidate
    length: int
    counts: Sequence[tuple[int, int]]


def _measure(
    document: Document, page: PageRecord, longest: int, question: Question, analyze: Analyzer
) -> list[_Measured]:
    measured = []
    for span in cut(page.id.number, page.text, longest):
        text = page.text[span.start : span.end]
        length, counts = question.count(text, analyze)
        candidate = Candidate(document.file_id, span, estimate_tokens(text) + document.page_overhead)
        measured.append(_Measured(candidate, length, counts))
    return measured


def _texts(page: PageRecord, spans: Sequence[Span]) -> list[Passage]:
    """Cut the chosen spans out of their page, neighbours in one piece."""
    merged: list[Span] = []
    for span in spans:
        start = merged.pop().start if merged and merged[-1].end == span.start else span.start
        merged.append(Span(span.page, start, span.end))
    return [Passage(page.id.file_id, page.id.number, span.start, page.text[span.start : span.end]) for span in merged]
