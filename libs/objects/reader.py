"""Read an object as it arrives, or save it to a file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from pathlib import Path
from typing import BinaryIO

import aiohttp

from libs.objects.client import outages_named
from libs.objects.settings import MIB
from libs.objects.upload import StoredObject


class ObjectReader:
    """An open object or a range of it; valid inside ``ObjectStore.open_object`` only."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.content_length = int(response.headers["Content-Length"])
        """Bytes that ``chunks`` will give."""
        content_range = response.headers.get("Content-Range", "")
        self.size_bytes = int(content_range.rpartition("/")[2]) if content_range else self.content_length
        """Bytes of the whole object."""

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the bytes as they arrive, once; raises ``DependencyUnavailable`` when they stop short."""
        with outages_named():
            async for chunk in self._response.content.iter_any():
                yield chunk


async def save(reader: ObjectReader, target: Path, threads: Executor) -> StoredObject:
    """Write everything to ``target`` and hash it, off the event loop; a failure leaves a partial file."""
    loop = asyncio.get_running_loop()
    digest = hashlib.sha256()
    file: BinaryIO = await loop.run_in_executor(threads, lambda: target.open("wb"))

    def write(data: bytearray) -> None:
        digest.update(data)
        file.write(data)

    try:
        async for block in _blocks(reader):
            await loop.run_in_executor(threads, write, block)
        size_bytes = file.tell()
    finally:
        await loop.run_in_executor(threads, file.close)
    return StoredObject(size_bytes, digest.hexdigest())


async def _blocks(reader: ObjectReader) -> AsyncIterator[bytearray]:
    """Gather chunks into a mebibyte or so: fewer hand-overs to threads."""
    block = bytearray()
    async for chunk in reader.chunks():
        block += chunk
        if len(block) >= MIB:
            yield block
            block = bytearray()
    yield block
