"""Keep, find, stream and destroy objects in any S3 server.

One bucket, path-style addresses, no vendor's extras: MinIO, SeaweedFS and AWS are the same to this class. Keys are ours
(file ids), never used twice for different content; that is why a ``put`` that fails may remove what its key names.
Every method but ``sign_get`` raises ``libs.errors.DependencyUnavailable`` when the store does not do its part.
"""

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Self

from libs.objects import documents, parts, self_test
from libs.objects.client import Body, S3Client
from libs.objects.documents import ObjectInfo, UnfinishedUpload
from libs.objects.errors import ObjectMissing, RangeUnsatisfiable, StoreRefused
from libs.objects.metadata import metadata_headers, read_metadata
from libs.objects.reader import ObjectReader, save
from libs.objects.settings import S3Settings
from libs.objects.upload import StoredObject, Upload

__all__ = [
    "ObjectInfo",
    "ObjectMissing",
    "ObjectReader",
    "ObjectStore",
    "S3Settings",
    "StoredObject",
    "UnfinishedUpload",
]


class ObjectStore:
    """The bucket that holds every file's bytes."""

    def __init__(self, settings: S3Settings, client: S3Client, threads: Executor) -> None:
        self._settings = settings
        self._client = client
        self._threads = threads

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: S3Settings) -> AsyncIterator[Self]:
        """Yield a store that connects when first used, so a process starts while the server is away."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="objects") as threads:
            async with S3Client.open(settings) as client:
                yield cls(settings, client, threads)

    @property
    def public(self) -> bool:
        """Whether clients reach the store themselves, so that ``sign_get`` makes sense."""
        return bool(self._settings.public_endpoint)

    async def put(
        self, key: str, chunks: AsyncIterable[bytes], *, content_type: str, metadata: Mapping[str, str]
    ) -> StoredObject:
        """Store a stream of unknown length, holding two parts of it in memory at most.

        Nothing is left when it fails or is cancelled. An exception raised by ``chunks`` propagates unchanged. Metadata
        names are snake_case, values any text (an empty one is not kept), 2 KiB in all once encoded; ``sha256`` is added
        to an object that fits one part. Raises ``ObjectTooLarge`` past S3's part count.
        """
        upload = Upload(self._client, self._threads, key, {"content-type": content_type, **metadata_headers(metadata)})
        async with aclosing(parts.cut(chunks, self._settings.part_size_bytes)) as pieces:
            return await upload.run(pieces)

    @asynccontextmanager
    async def open_object(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[ObjectReader]:
        """Stream an object, or its bytes from ``start`` up to but not including ``end``.

        Raises ``ObjectMissing``, and ``RangeUnsatisfiable`` when no byte lies in the range.
        """
        headers = {} if start == 0 and end is None else {"range": _range(start, end)}
        async with AsyncExitStack() as stack:
            with _refusals_named():
                response = await stack.enter_async_context(self._client.open_body(key, headers))
            yield ObjectReader(response)

    async def download(self, key: str, target: Path) -> StoredObject:
        """Save an object to a file, hashing it; raises ``ObjectMissing``. A failure leaves a partial file."""
        async with self.open_object(key) as reader:
            return await save(reader, target, self._threads)

    async def find(self, key: str) -> ObjectInfo | None:
        """Describe an object, metadata included; ``None`` when there is none."""
        try:
            answer = await self._client.request("HEAD", key)
        except StoreRefused as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return ObjectInfo(
            key=key,
            size_bytes=int(answer.headers["Content-Length"]),
            modified_at=parsedate_to_datetime(answer.headers["Last-Modified"]),
            metadata=read_metadata(answer.headers),
        )

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""
        try:
            await self._client.request("DELETE", key)
        except StoreRefused as refusal:
            if refusal.s3_code != "NoSuchKey":
                raise

    async def list(self, *, after: str = "") -> AsyncIterator[ObjectInfo]:
        """Give every object whose key sorts behind ``after``, in order, a thousand per request."""
        query = {"list-type": "2", "encoding-type": "url", **({"start-after": after} if after else {})}
        while True:
            page = documents.parse((await self._client.request("GET", query=query)).text)
            for info in documents.objects(page):
                yield info
            if documents.value(page, "IsTruncated") != "true":
                return
            query["continuation-token"] = documents.value(page, "NextContinuationToken")

    async def list_uploads(self) -> AsyncIterator[UnfinishedUpload]:
        """Give every multipart upload that was begun and neither completed nor aborted."""
        query = {"uploads": "", "encoding-type": "url"}
        while True:
            page = documents.parse((await self._client.request("GET", query=query)).text)
            for upload in documents.uploads(page):
                yield upload
            if documents.value(page, "IsTruncated") != "true":
                return
            query["key-marker"] = documents.value(page, "NextKeyMarker")
            query["upload-id-marker"] = documents.value(page, "NextUploadIdMarker")

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Discard an unfinished upload and its parts; one that is not there is discarded already."""
        try:
            await self._client.request("DELETE", key, query={"uploadId": upload_id})
        except StoreRefused as refusal:
            if refusal.s3_code != "NoSuchUpload":
                raise

    def sign_get(self, key: str, *, expires: timedelta, filename_header: str, content_type: str) -> str:
        """Give an address on the public endpoint that lets anyone GET the object until it expires.

        ``filename_header`` is the ``Content-Disposition`` and ``content_type`` the ``Content-Type`` to answer with.
        Nothing is asked over the network. Raises ``ValueError`` outside SigV4's 1 second to 7 days.
        """
        query = {"response-content-disposition": filename_header, "response-content-type": content_type}
        return self._client.presign(key, query=query, expires=expires)

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless the bucket is there and the credentials open it."""
        await self._client.request("HEAD")

    async def ensure_bucket(self) -> None:
        """Create the bucket unless it is there; safe to run from several replicas at once."""
        try:
            await self.ping()
        except StoreRefused as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            await self._create_bucket()

    async def self_test(self) -> None:
        """Prove both endpoints with a small object; raises ``StoreMisconfigured`` naming the setting at fault."""
        await self_test.run(self, self._client, self._settings)

    async def _create_bucket(self) -> None:
        try:
            await self._client.request("PUT", body=Body.of(documents.bucket_location(self._settings.region)))
        except StoreRefused as refusal:
            if refusal.s3_code != "BucketAlreadyOwnedByYou":
                raise


def _range(start: int, end: int | None) -> str:
    if start < 0 or (end is not None and end <= start):
        raise RangeUnsatisfiable
    return f"bytes={start}-{'' if end is None else end - 1}"


@contextmanager
def _refusals_named() -> Iterator[None]:
    """Give S3's two refusals that concern the object itself their names."""
    try:
        yield
    except StoreRefused as refusal:
        if refusal.s3_code == "NoSuchKey":
            raise ObjectMissing from refusal
        if refusal.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise RangeUnsatisfiable from refusal
        raise
