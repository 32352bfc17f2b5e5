"""One signed S3 request at a time over aiohttp: repeats, time limits, and what failures mean.

Every request here may be repeated without harm, so connection errors and the answers S3 asks to repeat are tried again
after a short pause. A server that does not answer is not asked again: within ``S3Settings.timeout`` without progress
the caller gets ``DependencyUnavailable``, whatever was being done.
"""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Self

import aiohttp
from yarl import URL

from libs.errors import DependencyUnavailable
from libs.objects import documents
from libs.objects.errors import StoreRefused
from libs.objects.settings import MIB, S3Settings
from libs.objects.signing import UNSIGNED_PAYLOAD, Signer

_log = logging.getLogger(__name__)

_PAUSES = (0.1, 0.4)  # seconds before the second and third attempt
_PIECE_BYTES = MIB // 4
_MAX_ANSWER_BYTES = 16 * MIB
_TRANSIENT_CODES = frozenset({"BadDigest", "RequestTimeout", "SlowDown", "XAmzContentSHA256Mismatch"})
_TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
_EMPTY_SHA256 = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Body:
    """Bytes to send, with the digest by which the server refuses them if they arrive damaged."""

    data: bytes | bytearray
    md5: bytes

    @classmethod
    def of(cls, data: bytes | bytearray) -> Self:
        """Hash ``data``: 1.5 ms per MiB, without the interpreter's lock, so large bodies belong in a thread."""
        return cls(data, hashlib.md5(data, usedforsecurity=False).digest())

    def headers(self) -> dict[str, str]:
        """Give the headers that every server checks; SeaweedFS ignores a wrong ``x-amz-content-sha256``."""
        return {"content-length": str(len(self.data)), "content-md5": base64.b64encode(self.md5).decode()}


@dataclass(frozen=True)
class Answer:
    """A complete answer; header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    text: bytes


class S3Client:
    """Sends requests for one bucket over a pool of connections."""

    def __init__(self, settings: S3Settings, session: aiohttp.ClientSession) -> None:
        self._signer = Signer(settings)
        self._session = session
        self._timeout = settings.timeout

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: S3Settings) -> AsyncIterator[Self]:
        """Yield a client; connects when first used."""
        timeouts = aiohttp.ClientTimeout(
            total=None,
            sock_connect=settings.connect_timeout.total_seconds(),
            sock_read=settings.timeout.total_seconds(),
        )
        async with aiohttp.ClientSession(
            timeout=timeouts,
            connector=aiohttp.TCPConnector(limit=0),  # bounded by who calls; a queue here would hide a slow store
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding", "Content-Type", "User-Agent"),
            read_bufsize=MIB,
        ) as session:
            yield cls(settings, session)

    async def request(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        wait: timedelta | None = None,
    ) -> Answer:
        """Send and read the whole answer; raises ``StoreRefused`` or ``DependencyUnavailable``.

        ``wait`` replaces the longest time without progress.
        """
        call = _Call(method, key, query or {}, headers or {}, body)
        with outages_named():
            async with (
                _Patience.of(wait or self._timeout) as patience,
                await self._exchange(call, patience) as response,
            ):
                return Answer(response.status, response.headers, await _read_bounded(response))

    @asynccontextmanager
    async def open_body(self, key: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """GET ``key`` and yield the answer once its head is here, its body unread; raises as ``request`` does."""
        with outages_named():
            async with _Patience.of(self._timeout) as patience:
                response = await self._exchange(_Call("GET", key, {}, headers, None), patience)
        async with response:
            yield response

    def presign(self, key: str, *, query: Mapping[str, str], expires: timedelta) -> str:
        """See ``Signer.presign``."""
        return self._signer.presign(key, query=query, expires=expires)

    async def fetch_public(self, url: str) -> Answer:
        """GET an address as a stranger would, without credentials or redirects.

        Raises ``DependencyUnavailable``; any status is an answer.
        """
        with outages_named():
            async with (
                asyncio.timeout(self._timeout.total_seconds()),
                self._session.get(URL(url, encoded=True), allow_redirects=False) as response,
            ):
                return Answer(response.status, response.headers, await _read_bounded(response))

    async def _exchange(self, call: "_Call", patience: "_Patience") -> aiohttp.ClientResponse:
        """Repeat what is worth repeating; the last failure is the caller's."""
        for pause in _PAUSES:
            try:
                return await self._attempt(call, patience)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
                _log.info("object store repeats", extra={"method": call.method, "reason": type(error).__name__})
            except StoreRefused as refusal:
                if refusal.status not in _TRANSIENT_STATUSES and refusal.s3_code not in _TRANSIENT_CODES:
                    raise
                _log.info("object store repeats", extra={"method": call.method, "reason": refusal.status})
            await asyncio.sleep(pause)
        return await self._attempt(call, patience)

    async def _attempt(self, call: "_Call", patience: "_Patience") -> aiohttp.ClientResponse:
        body_headers = call.body.headers() if call.body else {}
        url, headers = self._signer.sign(
            call.method,
            call.key,
            query=call.query,
            headers={**call.headers, **body_headers},
            content_sha256=UNSIGNED_PAYLOAD if call.body else _EMPTY_SHA256,
        )
        response = await self._session.request(
            call.method,
            URL(url, encoded=True),
            headers=headers,
            data=_pieces(call.body.data, patience) if call.body else None,
            allow_redirects=False,
        )
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        async with response:
            raise StoreRefused(response.status, documents.error_code(await _read_bounded(response)))


@dataclass(frozen=True)
class _Call:
    method: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body | None


class _Patience:
    """A deadline that progress pushes back."""

    def __init__(self, wait: timedelta, deadline: asyncio.Timeout) -> None:
        self._wait = wait.total_seconds()
        self._deadline = deadline

    @classmethod
    @asynccontextmanager
    async def of(cls, wait: timedelta) -> AsyncIterator[Self]:
        """Raise ``TimeoutError`` in the block once ``wait`` has passed without progress."""
        async with asyncio.timeout(wait.total_seconds()) as deadline:
            yield cls(wait, deadline)

    def progress(self) -> None:
        """Start waiting anew."""
        if not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._wait)


async def _pieces(data: bytes | bytearray, patience: _Patience) -> AsyncIterator[memoryview]:
    """Hand the body to the socket piece by piece: the next one is asked for when the last has left."""
    view = memoryview(data)
    for start in range(0, len(view), _PIECE_BYTES):
        patience.progress()
        yield view[start : start + _PIECE_BYTES]


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    text = bytearray()
    async for chunk in response.content.iter_any():
        text += chunk
        if len(text) > _MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the object store's answer does not end")
    return bytes(text)


@contextmanager
def outages_named() -> Iterator[None]:
    """Let every way of not answering be ``DependencyUnavailable``."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        _log.warning("object store unavailable", extra={"error": type(error).__name__})
        raise DependencyUnavailable("object store") from error
