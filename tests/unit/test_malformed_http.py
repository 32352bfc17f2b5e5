"""What is not HTTP is answered like any other mistake, and repeated neither to the client nor to the log."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from libs.web.drain import DrainedServer
from libs.web.server import public_app

SECRET = b"satchel_0123456789ab_c2VjcmV0"


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = public_app(max_body_bytes=100)
    app.add_routes([web.get("/", hello)])
    server = DrainedServer(app, grace=timedelta(seconds=1), read_buffer_bytes=1 << 16)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = int(probe.getsockname()[1])
    await server.start("127.0.0.1", number)
    yield number
    await server.stop()


async def answer_to(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX-API-KEY: " + SECRET + b"\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-API-KEY: " + SECRET + b"a" * 9000 + b"\r\n\r\n",
        SECRET + b" is not HTTP\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\nX-API-KEY: " + SECRET + b"\r\n\r\n",
    ],
)
async def test_a_malformed_request_is_a_problem_and_its_text_is_repeated_nowhere(
    port: int, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await answer_to(port, raw)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head.splitlines()[0]
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert problem["code"] == "malformed_request"
    assert problem["request_id"].encode() in head
    assert SECRET not in answer
    assert SECRET.decode() not in caplog.text
