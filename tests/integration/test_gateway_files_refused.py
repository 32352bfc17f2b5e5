"""Uploads that are not taken: each is answered by its name and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import aiohttp
import pytest

from libs.amqp.settings import AmqpSettings
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from tests.support.amqp import empty_broker, until
from tests.support.api import Answer, Api
from tests.support.gateway import APP, SMALL_BYTES, Gateway, gateway_settings, running_gateway
from tests.support.storage import running_storage, storage_settings

MZ = b"MZ\x90\x00" + bytes(100)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x20\x08\x00\x00\x00\x00" + bytes(64)
BOUNDARY = "frontier"


@pytest.fixture(scope="module")
async def gateway(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Gateway]:
    """Run a gateway, and a storage that removes what it condemns; its reconciler is not needed and does not run."""
    async with (
        empty_broker(amqp),
        running_storage(storage_settings(mongo, s3, amqp)),
        running_gateway(gateway_settings(mongo, s3, amqp)) as gateway,
    ):
        yield gateway


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    async with gateway.caller() as api:
        yield api


async def nothing_left(gateway: Gateway, api: Api) -> None:
    """Fail if a file can be seen; wait until records and objects are gone, which storage does on command."""
    assert await api.listed() == []
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])

    async def removed() -> bool:
        mine = {document["_id"] async for document in gateway.database["files"].find({"owner": principal.id})}
        found = [info async for info in gateway.context.objects.list()]
        owners = [
            details.metadata["owner"] for info in found if (details := await gateway.context.objects.find(info.key))
        ]
        return not mine and principal.id not in owners

    await until(removed)


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


async def send(api: Api, parts: Iterable[bytes], *, length: int | None = None) -> Answer:
    """Send a form as chunks of unknown length, or under a length that may be a lie."""

    async def body() -> AsyncIterator[bytes]:
        for piece in parts:
            yield piece
        yield f"--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    if length is not None:
        headers["Content-Length"] = str(length)
    return await api.request("POST", f"{api.files}/attach-file", data=body(), headers=headers)


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("empty.txt", b"", (422, "empty_file")),
        ("tool.exe", MZ, (415, "unsupported_file_type")),
        ("tool.txt", MZ, (415, "unsupported_file_type")),
        ("README", b"text", (415, "unsupported_file_type")),
        ("picture.pdf", PNG, (415, "unsupported_file_type")),
        ("large.txt", b"a" * (SMALL_BYTES + 1), (413, "file_too_large")),
    ],
)
async def test_a_file_that_is_not_accepted_is_refused_by_name(
    gateway: Gateway, api: Api, name: str, content: bytes, refusal: tuple[int, str]
) -> None:
    answer = await api.attach(name, content)
    assert (answer.status, answer.code) == refusal
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    if answer.status == 415:
        assert ".pdf" in answer.body["accepted"]
        assert "found" in answer.body
    await nothing_left(gateway, api)


async def test_a_file_of_exactly_the_limit_is_taken(api: Api) -> None:
    assert (await api.attach("full.txt", b"a" * SMALL_BYTES)).status == 200


async def test_a_file_of_unknown_length_is_cut_off_at_the_limit(gateway: Gateway, api: Api) -> None:
    sent = 0

    def endless() -> Iterable[bytes]:
        nonlocal sent
        yield part("file", b"", "endless.txt")[:-2]
        for _ in range(10_000):
            sent += 10_000
            yield b"a" * 10_000

    try:
        answer = await send(api, endless())
        assert (answer.status, answer.code) == (413, "file_too_large")
    except aiohttp.ClientConnectionError:
        """The connection ended before the answer was read: what a client sees that never stops sending."""
    assert sent < 50_000_000
    await nothing_left(gateway, api)


async def test_a_length_beyond_the_limit_is_refused_before_anything_is_read(gateway: Gateway, api: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gateway.base_url.rpartition(":")[2]))
    head = (
        f"POST /public/v1/app/{APP}/files/assistant/attach-file HTTP/1.1\r\nHost: x\r\n"
        f"X-API-KEY: {api.headers['X-API-KEY']}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 99999999\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"file_too_large")
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(gateway: Gateway, api: Api) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", int(gateway.base_url.rpartition(":")[2]))
    head = (
        f"POST /public/v1/app/{APP}/files/assistant/attach-file HTTP/1.1\r\nHost: x\r\n"
        f"X-API-KEY: {api.headers['X-API-KEY']}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 90000\r\n\r\n"
    )
    writer.write(head.encode() + part("file", b"a" * 50_000, "half.txt")[:-2])
    await writer.drain()
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])

    async def receiving() -> bool:
        mine = {"owner": principal.id, "state": FileState.RECEIVING}
        return await gateway.database["files"].find_one(mine) is not None

    await until(receiving)
    writer.close()
    await writer.wait_closed()
    await nothing_left(gateway, api)


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([part("file", b"text", "a.txt"), part("metadata", b"no json")], (422, "validation_error")),
        ([part("file", b"text", "a.txt"), part("color", b"red")], (422, "validation_error")),
        ([part("file", b"text", "a.txt"), part("file", b"more", "b.txt")], (413, "too_many_files")),
        ([part("file", b"text")], (422, "validation_error")),
        ([part("document", b"text", "a.txt")], (422, "validation_error")),
        ([part("metadata", b"{}")], (422, "validation_error")),
        ([part("file", b"text", "a.txt"), part("metadata", b"{}"), part("metadata", b"{}")], (400, "malformed_body")),
        ([], (422, "validation_error")),
    ],
    ids=["metadata", "unknown field", "two files", "text", "wrong field", "no file", "twice", "nothing"],
)
async def test_a_form_that_turns_out_wrong_leaves_nothing_of_its_file(
    gateway: Gateway, api: Api, parts: list[bytes], refusal: tuple[int, str]
) -> None:
    answer = await send(api, parts)
    assert (answer.status, answer.code) == refusal
    await nothing_left(gateway, api)


async def test_a_body_that_is_no_form_is_refused(gateway: Gateway, api: Api) -> None:
    assert (await api.request("POST", f"{api.files}/attach-file", json={})).status == 415
    cut = await api.request(
        "POST",
        f"{api.files}/attach-file",
        data=part("file", b"text", "a.txt"),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    assert cut.status == 400
    wait = await api.request("POST", f"{api.files}/attach-file", params={"wait": "soon"}, json={})
    assert (wait.status, wait.code) == (422, "validation_error")
    await nothing_left(gateway, api)
