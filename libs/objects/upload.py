"""Send a stream of unknown length: in one request if it fits a part, else as an S3 multipart upload.

While one part travels the next one fills, so an upload holds two parts in memory and no more. A failure of either side
ends both at once, and nothing is left behind: the unfinished upload is aborted, an object that may have come into being
is removed. If that fails too, the reconciler in ``storage`` finds what is left.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from libs.errors import DependencyUnavailable
from libs.objects import documents
from libs.objects.client import Body, S3Client
from libs.objects.errors import StoreRefused
from libs.objects.parts import Part

_log = logging.getLogger(__name__)

_CLEAN_UP_WAIT = timedelta(seconds=1)
_THREAD_FROM_BYTES = 256 * 1024
"""Hashing less than this takes under a millisecond: a thread would cost more than it saves."""


@dataclass(frozen=True)
class StoredObject:
    """What was stored or read, as counted and hashed on the way."""

    size_bytes: int
    sha256: str


class Upload:
    """One object on its way in; use once."""

    def __init__(self, client: S3Client, threads: Executor, key: str, headers: Mapping[str, str]) -> None:
        """``headers`` are stored with the object; ``threads`` hash large parts."""
        self._client = client
        self._threads = threads
        self._key = key
        self._headers = headers
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._etags: list[str] = []
        self._upload_id = ""
        self._may_exist = False

    async def run(self, parts: AsyncIterator[Part]) -> StoredObject:
        """Store what ``parts`` gives; raises what ``parts`` raises, unchanged, and ``DependencyUnavailable``."""
        try:
            with _first_failure():
                await self._send_all(parts)
            if self._upload_id:
                await self._complete()
        except BaseException:
            await self._clean_up()
            raise
        return StoredObject(self._size_bytes, self._sha256.hexdigest())

    async def _send_all(self, parts: AsyncIterator[Part]) -> None:
        sending: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            async for part in parts:
                if sending:
                    await sending
                sending = group.create_task(self._send(part))
            if sending:
                # Not left to the group's exit: there Python 3.11 keeps the cancellation by which a failing child ends
                # the group on our task's account, and time limits around us take their own for somebody else's.
                await sending

    async def _send(self, part: Part) -> None:
        body = await self._hash(part.data)
        if part.last and part.number == 1:
            await self._put_whole(body)
            return
        if part.number == 1:
            await self._begin()
        answer = await self._client.request(
            "PUT", self._key, query={"partNumber": str(part.number), "uploadId": self._upload_id}, body=body
        )
        self._etags.append(answer.headers["ETag"])

    async def _hash(self, data: bytearray) -> Body:
        def hash_both() -> Body:
            self._sha256.update(data)
            return Body.of(data)

        self._size_bytes += len(data)
        if len(data) < _THREAD_FROM_BYTES:
            return hash_both()
        return await asyncio.get_running_loop().run_in_executor(self._threads, hash_both)

    async def _put_whole(self, body: Body) -> None:
        self._may_exist = True
        headers = {**self._headers, "x-amz-meta-sha256": self._sha256.hexdigest()}
        await self._client.request("PUT", self._key, headers=headers, body=body)

    async def _begin(self) -> None:
        answer = await self._client.request("POST", self._key, query={"uploads": ""}, headers=self._headers)
        self._upload_id = documents.value(documents.parse(answer.text), "UploadId")

    async def _complete(self) -> None:
        """Join the parts. A repeat of a request whose answer was lost finds no upload any more, but the object."""
        self._may_exist = True
        try:
            await self._join()
        except StoreRefused as refusal:
            if refusal.s3_code != "NoSuchUpload" or not await self._is_whole():
                raise

    async def _join(self) -> None:
        answer = await self._client.request(
            "POST",
            self._key,
            query={"uploadId": self._upload_id},
            headers={"content-type": "application/xml"},
            body=Body.of(documents.completion(self._etags)),
        )
        if code := documents.error_code(answer.text):  # S3 may answer 200 before it knows the outcome
            raise StoreRefused(answer.status, code)

    async def _is_whole(self) -> bool:
        answer = await self._client.request("HEAD", self._key)
        return int(answer.headers["Content-Length"]) == self._size_bytes

    async def _clean_up(self) -> None:
        try:
            if self._upload_id:
                query = {"uploadId": self._upload_id}
                await self._client.request("DELETE", self._key, query=query, wait=_CLEAN_UP_WAIT)
            if self._may_exist:
                await self._client.request("DELETE", self._key, wait=_CLEAN_UP_WAIT)
        except DependencyUnavailable:
            _log.warning("failed upload left for the reconciler", extra={"key": self._key})


@contextmanager
def _first_failure() -> Iterator[None]:
    """Let a task group's first failure stand for the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        first = group.exceptions[0]
        raise first from first.__cause__
