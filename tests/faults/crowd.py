"""Clients that upload many small files at once and, like sensible clients, repeat what was not answered."""

import asyncio
import hashlib
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import docx

from tests.faults.audit import Audit
from tests.support.api import Answer, Api
from tests.support.documents import unzip, word, zipped
from tests.support.samples import pdf

AT_ONCE = 16
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LONGEST_ANSWER_SECONDS = 30
_PAUSE_SECONDS = 0.2
_ONE_IN_DELETED = 6
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
    """Uploads documents, ``AT_ONCE`` at a time, each until it is answered 200, and deletes some of them again.

    Remembers what was promised: ``promises`` must be kept, ``detached`` must be gone.
    """

    def __init__(self, api: Api, todo: Sequence[Document], *, wait: float, keep: bool = False) -> None:
        """``wait`` is how long each answer may wait for extraction; with ``keep`` nothing is deleted."""
        self._api = api
        self._wait = wait
        self._keep = keep
        self._left = list(reversed(todo))
        self.promises: list[Promise] = []
        self.detached: list[Promise] = []
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
        while len(self.promises) + len(self.detached) < count and not self._over:  # noqa: ASYNC110 - polled a few times only
            await asyncio.sleep(0.005)

    def slowest(self) -> str:
        """Say how long the slowest answer of each status took."""
        return ", ".join(f"{status} {seconds:.1f} s" for status, seconds in sorted(self.slowest_seconds.items()))

    async def _work(self) -> None:
        while self._left:
            number, document = len(self._left), self._left.pop()
            while (promise := await self._uploaded(document)) is None:  # noqa: ASYNC110 - as below
                await asyncio.sleep(_PAUSE_SECONDS)
            if self._keep or number % _ONE_IN_DELETED:
                self.promises.append(promise)
                continue
            while not await self._is_detached(promise):  # noqa: ASYNC110 - a client's pause between attempts
                await asyncio.sleep(_PAUSE_SECONDS)
            self.detached.append(promise)

    async def _uploaded(self, document: Document) -> Promise | None:
        """Upload once; ``None`` when that has to be repeated."""
        call = self._api.attach(document.name, document.content, document.media_type, wait=self._wait)
        answer = await self._attempt(call)
        if answer is None:
            return None
        assert answer.status == 200, answer
        return Promise(UUID(answer.body["file_id"]), document, answer.body["download_url"])

    async def _is_detached(self, promise: Promise) -> bool:
        """Delete once; an earlier attempt whose answer was lost may have done it."""
        url = f"{self._api.files}/detach-file/{promise.file_id}"
        answer = await self._attempt(self._api.request("DELETE", url))
        assert answer is None or answer.status in {200, 404}, answer
        return answer is not None

    async def _attempt(self, call: Coroutine[Any, Any, Answer]) -> Answer | None:
        """Make a call; ``None`` for no answer and for 503, after which sensible clients try again."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_ANSWER_SECONDS):
                answer = await call
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            self.repeated.append(type(error).__name__)
            return None
        seconds = time.monotonic() - began
        self.slowest_seconds[answer.status] = max(self.slowest_seconds.get(answer.status, 0), seconds)
        if answer.status == 503:
            assert "Retry-After" in answer.headers, answer
            self.repeated.append(answer.code)
            return None
        return answer


async def assert_kept(api: Api, audit: Audit, crowd: Crowd) -> None:
    """Every promised file is ready and downloads as it was; every detached one is gone, its link too."""
    shown = {UUID(file["file_id"]): file for file in await api.listed()}
    broken = [promise.file_id for promise in crowd.promises if not _is_ready(shown.get(promise.file_id))]
    assert not broken, await audit.about(broken)
    downloads = await _downloads(api, [*crowd.promises, *crowd.detached])
    damaged = [promise.file_id for promise in crowd.promises if downloads[promise.file_id] != promise.document.sha256]
    assert not damaged, await audit.about(damaged)
    undead = [promise.file_id for promise in crowd.detached if downloads[promise.file_id] or promise.file_id in shown]
    assert not undead, await audit.about(undead)


def _is_ready(shown: dict[str, object] | None) -> bool:
    return shown is not None and shown["processing_status"] == "ready"


async def _downloads(api: Api, promises: Sequence[Promise]) -> dict[UUID, str]:
    """Open every link; give the hash of what came, or nothing for a link that is gone."""
    semaphore = asyncio.Semaphore(AT_ONCE)

    async def download(promise: Promise) -> str:
        async with semaphore:
            answer = await api.download(promise.url)
        assert answer.status in {200, 410}, answer
        return hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else ""

    hashes = await asyncio.gather(*map(download, promises))
    return {promise.file_id: found for promise, found in zip(promises, hashes, strict=True)}
