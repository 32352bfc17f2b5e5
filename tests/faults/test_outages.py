"""A server that is away, dead or frozen: a quick, honest answer meanwhile, and everything as before once it is back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from libs.contracts.records import FileState
from tests.faults.audit import Audit
from tests.support.amqp import until
from tests.support.api import Answer, Api
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(120)

LONGEST_ANSWER_SECONDS = 10
LONGEST_RECOVERY_SECONDS = 30
TEXT = b"The harbour master counts lanterns every evening.\n"
WAYS = ("killed", "frozen")
HALVES = 5


@asynccontextmanager
async def away(doomed: Stack, server: str, way: str) -> AsyncIterator[None]:
    """Take a server away inside the block and bring it back after it."""
    if way == "frozen":
        async with doomed.frozen(server):
            yield
        return
    await doomed.kill(server)
    try:
        yield
    finally:
        await doomed.start(server)


async def timed(name: str, call: Awaitable[Answer]) -> tuple[str, Answer, float]:
    began = time.monotonic()
    answer = await call
    return name, answer, time.monotonic() - began


async def answers(*calls: tuple[str, Awaitable[Answer]]) -> dict[str, Answer]:
    """Make all calls at once; each must answer in time."""
    results = await asyncio.gather(*(timed(name, call) for name, call in calls))
    print(", ".join(f"{name} {answer.status} after {seconds:.1f} s" for name, answer, seconds in results))
    assert max(seconds for _, _, seconds in results) < LONGEST_ANSWER_SECONDS
    return {name: answer for name, answer, _ in results}


def files_of(api: Api) -> Awaitable[Answer]:
    return api.request("GET", f"{api.files}/attached-files")


def assert_unavailable(answers_by_name: dict[str, Answer], names: set[str]) -> None:
    """Exactly these were answered 503, with a time to come back; the others were served."""
    unavailable = {name for name, answer in answers_by_name.items() if answer.status == 503}
    assert unavailable == names, answers_by_name
    assert all("Retry-After" in answers_by_name[name].headers for name in names), answers_by_name
    assert {answer.status for name, answer in answers_by_name.items() if name not in names} <= {200}, answers_by_name


async def assert_served_again(api: Api, url: str) -> None:
    """Without help from anyone, uploads, lists, chat and links work again."""
    began = time.monotonic()
    while True:
        calls = [api.attach("again.txt", TEXT, wait=0), files_of(api), api.call("Hello?", file_references=[])]
        statuses = {answer.status for answer in await asyncio.gather(*calls, api.download(url))}
        if statuses == {200}:
            print(f"served again after {time.monotonic() - began:.1f} s")
            return
        assert statuses <= {200, 503}, statuses
        assert time.monotonic() - began < LONGEST_RECOVERY_SECONDS, statuses


async def attached(api: Api) -> Any:
    """Attach a file and return it once it is ready."""
    answer = await api.attach("before.txt", TEXT)
    assert answer.status == 200, answer
    return await api.ended(answer.body["file_id"])


@pytest.mark.parametrize("way", WAYS)
async def test_without_the_broker_uploads_are_taken_and_chat_says_what_is_missing(
    way: str, doomed: Stack, api: Api, audit: Audit
) -> None:
    async with away(doomed, "rabbitmq", way):
        uploads = await answers(
            *((f"upload {number}", api.attach(f"{number}.txt", TEXT, wait=1)) for number in range(4))
        )
        assert {(answer.status, answer.body.get("processing_status")) for answer in uploads.values()} == {
            (200, "processing")
        }
        ids = [answer.body["file_id"] for answer in uploads.values()]
        turn = api.request(
            "POST", f"{api.chat}/call", params={"wait": "1"}, json={"message": "Who counts?", "file_references": ids}
        )
        chat = await turn
        assert chat.status == 200, chat
        assert {file["file_id"]: file["processing_status"] for file in chat.body["files"]} == dict.fromkeys(
            ids, "processing"
        )
    began = time.monotonic()
    ended = await asyncio.gather(*(api.ended(file_id, seconds=LONGEST_RECOVERY_SECONDS) for file_id in ids))
    print(f"all read {time.monotonic() - began:.1f} s after the broker was back")
    assert {file["processing_status"] for file in ended} == {"ready"}
    await audit.settled()


@pytest.mark.parametrize("way", WAYS)
async def test_without_the_database_everything_is_503_and_nothing_hangs(
    way: str, doomed: Stack, api: Api, audit: Audit
) -> None:
    file = await attached(api)
    async with away(doomed, "mongodb", way):
        answered = await answers(
            ("upload", api.attach("during.txt", TEXT)),
            ("list", files_of(api)),
            ("chat", api.call("Who counts lanterns?")),
            ("link", api.download(file["download_url"])),
        )
        assert_unavailable(answered, set(answered))
    await assert_served_again(api, file["download_url"])
    await audit.settled()
    assert not [shown for shown in await api.listed() if shown["filename"] == "during.txt"]


@pytest.mark.parametrize("way", WAYS)
async def test_without_the_object_store_what_needs_bytes_is_503_and_the_rest_is_served(
    way: str, doomed: Stack, api: Api, audit: Audit
) -> None:
    file = await attached(api)
    async with away(doomed, "objects", way):
        answered = await answers(
            ("upload", api.attach("during.txt", TEXT)),
            ("list", files_of(api)),
            ("chat", api.call("Who counts lanterns?", file_references=[file["file_id"]])),
            ("link", api.download(file["download_url"])),
        )
        assert_unavailable(answered, {"upload", "link"})
    await assert_served_again(api, file["download_url"])
    await audit.settled()
    assert not [shown for shown in await api.listed() if shown["filename"] == "during.txt"]


async def test_a_database_that_freezes_in_the_middle_of_a_request_of_many_files_is_503_in_time(
    doomed: Stack, api: Api, audit: Audit
) -> None:
    freeze: AbstractAsyncContextManager[None] = away(doomed, "mongodb", "frozen")
    last_byte = 0.0

    async def all_received() -> bool:
        return await audit.database["files"].count_documents({"state": FileState.RECEIVING}) == HALVES

    async def body() -> AsyncIterator[bytes]:
        nonlocal last_byte
        for number in range(HALVES):
            head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="half-{number}.txt"\r\n\r\n'
            yield head.encode() + TEXT * 500 + b"\r\n"
        field = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
        yield field
        await until(all_received)
        await freeze.__aenter__()
        last_byte = time.monotonic()
        yield b"What?\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    try:
        answer = await api.request("POST", f"{api.chat}/call-with-files", data=body(), headers=headers)
        seconds = time.monotonic() - last_byte
    finally:
        await freeze.__aexit__(None, None, None)
    print(f"answered {answer.status} after {seconds:.1f} s")
    assert (answer.status, "Retry-After" in answer.headers) == (503, True), answer
    assert seconds < LONGEST_ANSWER_SECONDS
    settled = await audit.settled()
    print(f"in order after {settled:.1f} s")
    assert not [shown for shown in await api.listed() if shown["filename"].startswith("half-")]
