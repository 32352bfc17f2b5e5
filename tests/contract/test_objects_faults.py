"""The object store behind a network that fails: nothing hangs, nothing is left, nothing arrives damaged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from pydantic import SecretStr

from libs.errors import DependencyUnavailable
from libs.objects.settings import MIB
from libs.objects.store import ObjectStore, S3Settings

PART = 5 * MIB
PATIENCE = timedelta(seconds=1)
BOUND_SECONDS = 8
"""Longer than any call may take here: patience, repeats and clean-up together, with room for a busy machine."""

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Calls = dict[str, Callable[[ObjectStore], Awaitable[object]]]


async def stream(size: int) -> AsyncIterator[bytes]:
    yield b"x" * size


def put(size: int) -> Callable[[ObjectStore], Awaitable[object]]:
    return lambda store: store.put("key", stream(size), content_type="text/plain", metadata={})


async def read(store: ObjectStore) -> bytes:
    async with store.open_object("key") as reader:
        return b"".join([chunk async for chunk in reader.chunks()])


async def list_all(store: ObjectStore) -> list[object]:
    return [info async for info in store.list()]


CALLS: Calls = {
    "put": put(10),
    "put in parts": put(PART + 1),
    "read": read,
    "find": lambda store: store.find("key"),
    "delete": lambda store: store.delete("key"),
    "list": list_all,
    "ping": lambda store: store.ping(),
    "ensure_bucket": lambda store: store.ensure_bucket(),
    "abort_upload": lambda store: store.abort_upload("key", "id"),
}


@asynccontextmanager
async def store_at(s3: S3Settings, endpoint: str) -> AsyncIterator[ObjectStore]:
    changes = {"endpoint": endpoint, "timeout": PATIENCE, "connect_timeout": PATIENCE, "part_size_bytes": PART}
    async with ObjectStore.open(s3.model_copy(update=changes)) as store:
        yield store


@asynccontextmanager
async def listener(serve: Pump) -> AsyncIterator[str]:
    """Serve connections with ``serve`` and give the address; open ones are dropped at the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield "http://{}:{}".format(*server.sockets[0].getsockname())
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


async def never_read(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def read_and_never_answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(MIB):
        pass


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def answer_503(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    while await reader.read(MIB):
        pass


async def answer_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"this is not HTTP\r\n\r\n")
    await writer.drain()
    while await reader.read(MIB):
        pass


@pytest.mark.parametrize("call", CALLS)
async def test_nobody_listening_is_an_outage(s3: S3Settings, call: str) -> None:
    async with store_at(s3, "http://127.0.0.1:1") as store, asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(DependencyUnavailable, match="object store"):
            await CALLS[call](store)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [never_read, read_and_never_answer, hang_up, answer_503, answer_nonsense])
async def test_a_server_that_does_not_do_its_part_is_an_outage(s3: S3Settings, call: str, fault: Pump) -> None:
    async with listener(fault) as endpoint, store_at(s3, endpoint) as store, asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(DependencyUnavailable, match="object store"):
            await CALLS[call](store)


@pytest.mark.parametrize("size", [10, PART + 1])
async def test_a_failed_upload_leaves_no_cancellation_on_its_caller(s3: S3Settings, size: int) -> None:
    async with listener(answer_503) as endpoint, store_at(s3, endpoint) as store, asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(DependencyUnavailable):
            await put(size)(store)
    caller = asyncio.current_task()
    assert caller is not None
    assert caller.cancelling() == 0, "time limits around the upload would take their own cancellation for another's"


@pytest.mark.parametrize("call", CALLS)
async def test_wrong_credentials_are_an_outage_too(s3: S3Settings, call: str) -> None:
    async with ObjectStore.open(s3.model_copy(update={"secret_key": SecretStr("wrong")})) as store:
        with pytest.raises(DependencyUnavailable, match="object store"):
            await CALLS[call](store)


async def test_a_source_that_waits_does_not_hide_an_outage(s3: S3Settings) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * (PART + 1)
        await asyncio.Event().wait()

    async with store_at(s3, "http://127.0.0.1:1") as store, asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(DependencyUnavailable):
            await store.put("key", chunks(), content_type="text/plain", metadata={})


class FaultyWire:
    """Passes everything on to the real server, except for the faults ordered."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self.damaged_requests = 0
        self.cut_answers_after: int | None = None
        self.holds_bodies = False
        self.holds_answers = False
        self.held = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect to the real server and pump both ways."""
        there, back = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(reader, back))
                group.create_task(self._answers(there, writer))
        except* ConnectionError:
            pass
        finally:
            back.transport.abort()

    async def _requests(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(MIB):
            sent = data
            if self.holds_bodies and b"xxxx" in data:
                await self._hold()
            if self.damaged_requests and b"xxxx" in data:
                self.damaged_requests -= 1
                sent = data.replace(b"xxxx", b"xxyx", 1)
            target.write(sent)
            await target.drain()
        target.close()

    async def _answers(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await source.read(MIB):
            passed += len(data)
            if self.holds_answers:
                await self._hold()
            target.write(data)
            await target.drain()
            if self.cut_answers_after is not None and passed > self.cut_answers_after:
                break
        target.transport.abort()

    async def _hold(self) -> None:
        self.held.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def faulty_store(s3: S3Settings) -> AsyncIterator[tuple[FaultyWire, ObjectStore, ObjectStore]]:
    """Give the wire, a store behind it, and the same store without it. Signatures cover the wire's address."""
    wire = FaultyWire(s3.endpoint)
    async with listener(wire.serve) as endpoint:
        settings = s3.model_copy(update={"endpoint": endpoint, "part_size_bytes": PART})
        async with ObjectStore.open(settings) as behind, ObjectStore.open(s3) as direct:
            await direct.ensure_bucket()
            yield wire, behind, direct


@pytest.mark.parametrize("size", [1000, PART + 1000])
async def test_bytes_damaged_on_the_way_in_are_sent_again(s3: S3Settings, size: int) -> None:
    async with faulty_store(s3) as (wire, behind, direct):
        wire.damaged_requests = 1
        key = str(uuid4())
        stored = await behind.put(key, stream(size), content_type="text/plain", metadata={})
        assert wire.damaged_requests == 0
        async with direct.open_object(key) as reader:
            assert b"".join([chunk async for chunk in reader.chunks()]) == b"x" * stored.size_bytes


@pytest.mark.parametrize("size", [1000, PART + 1000])
async def test_bytes_that_are_always_damaged_are_never_stored(s3: S3Settings, size: int) -> None:
    async with faulty_store(s3) as (wire, behind, direct):
        wire.damaged_requests = 1000
        key = str(uuid4())
        with pytest.raises(DependencyUnavailable):
            await behind.put(key, stream(size), content_type="text/plain", metadata={})
        assert await direct.find(key) is None
        assert [upload async for upload in direct.list_uploads() if upload.key == key] == []


@pytest.mark.parametrize("size", [1000, PART + 1000])
@pytest.mark.parametrize("held", ["bodies", "answers"])
async def test_an_upload_cancelled_in_mid_request_leaves_nothing(s3: S3Settings, size: int, held: str) -> None:
    async with faulty_store(s3) as (wire, behind, direct):
        setattr(wire, f"holds_{held}", True)
        key = str(uuid4())
        upload = asyncio.create_task(behind.put(key, stream(size), content_type="text/plain", metadata={}))
        await wire.held.wait()
        wire.holds_bodies = wire.holds_answers = False
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await direct.find(key) is None
        if held == "bodies":  # an upload whose id never arrived cannot be aborted here; the reconciler finds it
            assert [unfinished async for unfinished in direct.list_uploads() if unfinished.key == key] == []


async def test_an_answer_cut_short_is_an_outage_not_a_short_file(s3: S3Settings, tmp_path: Path) -> None:
    async with faulty_store(s3) as (wire, behind, direct):
        key = str(uuid4())
        await direct.put(key, stream(PART), content_type="text/plain", metadata={})
        wire.cut_answers_after = PART // 2
        with pytest.raises(DependencyUnavailable):
            await behind.download(key, tmp_path / "file")
