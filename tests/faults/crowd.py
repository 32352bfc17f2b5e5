"""Clients that upload many small files at once and, like sensible clients, repeat what was not answered."""

import asyncio
import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import docx

from tests.faults.audit import Audit
from tests.support.api import Api
from tests.support.documents import unzip, word, zipped
from tests.support.samples import pdf

AT_ONCE = 16
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LONGEST_ANSWER_SECONDS = 30
_PAUSE_SECONDS = 0.2
_WORDS = ["river", "stone", "amber", "copper", "meadow", "signal", "harbour", "lantern", "orchard", "violet"]


@dataclass(frozen=True)
class Document:
    """A small file that no other equals."""

    name: str
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The hash its download must have."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Promise:
    """An upload that was answered 200."""

    file_id: UUID
    document: Document
    url: str


def documents(dice: random.Random, count: int) -> list[Document]:
    """Make so many documents of several types."""
    return [_document(dice, f"{dice.randbytes(4).hex()}-{number}", number) for number in range(count)]


def _document(dice: random.Random, name: str, number: int) -> Document:
    words = [" ".join(dice.choices(_WORDS, k=dice.randrange(5, 60))) for _ in range(3)]
    if number % 20 == 19:
        return Document(f"{name}.docx", large_docx(dice, name), DOCX)
    if number % 8 == 0:
        return Document(f"{name}.pdf", pdf(*words), "application/pdf")
    if number % 8 == 1:
        paper = docx.Document()
        paper.add_paragraph("\n".join([name, *words]))
        return Document(f"{name}.docx", word(paper), DOCX)
    if number % 8 == 2:
        return Document(f"{name}.csv", b"word,number\n" + f"{name},{number}\n".encode() * 40, "text/csv")
    return Document(f"{name}.txt", "\n".join([name, *words]).encode(), "text/plain")


def large_docx(dice: random.Random, text: str) -> bytes:
    """Make a Word document of more than one S3 part (8 MiB), most of it a picture that nobody looks at."""
    paper = docx.Document()
    paper.add_paragraph(text)
    return zipped({**unzip(word(paper)), "word/media/noise.bin": dice.randbytes(9 << 20)})


class Crowd:
    """Uploads documents, ``AT_ONCE`` at a time, each until it is answered 200; remembers what was promised."""

    def __init__(self, api: Api, todo: Sequence[Document], *, wait: float) -> None:
        """``wait`` is how long each answer may wait for extraction."""
        self._api = api
        self._wait = wait
        self._left = list(reversed(todo))
        self.promises: list[Promise] = []
        self.repeated: list[str] = []
        self.slowest_seconds: dict[int, float] = {}
        self._over = False

    async def run(self) -> None:
        """Upload everything; the first answer that may not be ends it."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._work())
        finally:
            self._over = True

    async def answered(self, count: int) -> None:
        """Return once so many uploads were answered, or none will be any more."""
        while len(self.promises) < count and not self._over:  # noqa: ASYNC110 - polled a few times only
            await asyncio.sleep(0.005)

    def slowest(self) -> str:
        """Say how long the slowest answer of each status took."""
        return ", ".join(f"{status} {seconds:.1f} s" for status, seconds in sorted(self.slowest_seconds.items()))

    async def _work(self) -> None:
        while self._left:
            document = self._left.pop()
            while not await self._attempt(document):  # noqa: ASYNC110 - a client's pause between attempts
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _attempt(self, document: Document) -> bool:
        """Upload once; true when it was answered 200. No answer and 503 are repeated, anything else is a failure."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_ANSWER_SECONDS):
                answer = await self._api.attach(document.name, document.content, document.media_type, wait=self._wait)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            self.repeated.append(type(error).__name__)
            return False
        seconds = time.monotonic() - began
        self.slowest_seconds[answer.status] = max(self.slowest_seconds.get(answer.status, 0), seconds)
        if answer.status == 503:
            assert "Retry-After" in answer.headers, answer
            self.repeated.append(answer.code)
            return False
        assert answer.status == 200, answer
        self.promises.append(Promise(UUID(answer.body["file_id"]), document, answer.body["download_url"]))
        return True


async def assert_kept(api: Api, audit: Audit, promises: Sequence[Promise], *, errors: bool = False) -> None:
    """Every promised file is ready and downloads as it was; with ``errors`` it may have failed for a reason instead."""
    shown = {UUID(file["file_id"]): file for file in await api.listed()}
    broken = [promise.file_id for promise in promises if not _ended_well(shown.get(promise.file_id), errors=errors)]
    assert not broken, await audit.about(broken)
    semaphore = asyncio.Semaphore(AT_ONCE)

    async def is_whole(promise: Promise) -> bool:
        async with semaphore:
            answer = await api.download(promise.url)
        return answer.status == 200 and hashlib.sha256(answer.body).hexdigest() == promise.document.sha256

    whole = await asyncio.gather(*map(is_whole, promises))
    damaged = [promise.file_id for promise, good in zip(promises, whole, strict=True) if not good]
    assert not damaged, await audit.about(damaged)


def _ended_well(shown: dict[str, object] | None, *, errors: bool) -> bool:
    if shown is None:
        return False
    return shown["processing_status"] == "ready" or (errors and bool(shown["error"]))
