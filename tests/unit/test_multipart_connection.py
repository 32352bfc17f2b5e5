"""What a form reader sees of the connections that real clients break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.gateway.files.multipart import FileField, FormLimits, read_form
from services.gateway.files.multipart_errors import FormError, MalformedForm

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncontent'


@asynccontextmanager
async def form_server() -> AsyncIterator[tuple[int, asyncio.Event, "asyncio.Queue[object]"]]:
    """Serve one route that says when it begins to read a form, and reports the outcome."""
    outcomes: asyncio.Queue[object] = asyncio.Queue()
    begun = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        size = 0
        begun.set()
        try:
            async for field in read_form(request, FormLimits()):
                if isinstance(field, FileField):
                    async for chunk in field.chunks:
                        size += len(chunk)
        except FormError as error:
            outcomes.put_nowait(error)
            raise web.HTTPBadRequest from error
        outcomes.put_nowait(size)
        return web.Response(text=str(size))

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1], begun, outcomes
    finally:
        await runner.cleanup()


async def outcome_of(first: bytes, then: bytes = b"", *, reset: bool = False) -> object:
    """Send bytes, more once the reader has begun, close the connection, and give what the reader made of it."""
    async with form_server() as (port, begun, outcomes):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        await asyncio.wait_for(begun.wait(), 10)
        writer.write(then)
        if reset:
            writer.transport.abort()
        else:
            writer.close()
        return await asyncio.wait_for(outcomes.get(), 10)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("length", [b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1000\r\n"])
async def test_a_client_that_hangs_up_in_the_middle_sent_a_malformed_form(length: bytes, *, reset: bool) -> None:
    assert isinstance(await outcome_of(HEAD + length + FILE, reset=reset), MalformedForm)


async def test_a_broken_chunked_encoding_is_a_malformed_form() -> None:
    body = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(FILE) + FILE
    assert isinstance(await outcome_of(body, b"\r\nnonsense\r\n"), MalformedForm)


async def test_a_length_that_ends_before_the_last_boundary_is_a_malformed_form() -> None:
    body = FILE + b"\r\n--"
    assert isinstance(await outcome_of(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body), MalformedForm)


async def test_a_whole_form_is_read() -> None:
    body = FILE + b"\r\n--b--\r\n"
    assert await outcome_of(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body) == len(b"content")
