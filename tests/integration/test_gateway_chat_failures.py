"""Turns whose model or files fail: a clear answer, nothing kept, safe to repeat."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.gateway.settings import LimitSettings, ModelSettings
from tests.support.chat import Chat, ChatServer, serving_chat, written_agents
from tests.support.model import Refusal, StubModel


@pytest.fixture(scope="module")
async def model() -> AsyncIterator[StubModel]:
    async with StubModel.serving() as stub:
        yield stub


@pytest.fixture(scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory,
    mongo: MongoSettings,
    s3: S3Settings,
    amqp: AmqpSettings,
    model: StubModel,
) -> AsyncIterator[ChatServer]:
    folder: Path = tmp_path_factory.mktemp("chat")
    settings = ModelSettings(base_url=model.url, retries=0, timeout=timedelta(seconds=1))
    limits = LimitSettings(max_upload_size=1000, max_files_per_request=3)
    async with serving_chat(written_agents(folder), mongo, s3, amqp, settings, limits=limits) as server:
        yield server


@pytest.fixture
async def chat(server: ChatServer, model: StubModel) -> AsyncIterator[Chat]:
    model.requests.clear()
    model.reply = "I have read it."
    async with server.caller() as chat:
        yield chat


async def messages(chat: Chat) -> int:
    listed = (await chat.api.request("GET", f"{chat.api.chat}/conversations")).body["data"]
    return sum(one["message_count"] for one in listed)


async def silence(_prompt: str) -> str:
    await asyncio.sleep(30)
    return "too late"


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [(500, 502, "model_failed"), (400, 502, "model_failed"), (401, 502, "model_failed"), (429, 503, "model_busy")],
)
async def test_a_model_that_refuses_fails_the_turn_and_leaves_nothing(
    chat: Chat, model: StubModel, status: int, expected: int, code: str
) -> None:
    model.reply = Refusal(status, headers={"Retry-After": "7"})
    failed = await chat.send("Hello", ("new.txt", b"alpha"))
    assert (failed.status, failed.code) == (expected, code)
    assert failed.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert (await chat.api.listed(), await messages(chat)) == ([], 0)
    model.reply = "Here."
    again = await chat.send("Hello", ("new.txt", b"alpha"))
    assert again.status == 200
    assert [file["filename"] for file in await chat.api.listed()] == ["new.txt"]
    assert await messages(chat) == 2


async def test_a_model_that_is_silent_is_a_timeout(chat: Chat, model: StubModel) -> None:
    model.reply = silence
    failed = await chat.api.call("Hello")
    assert (failed.status, failed.code, await messages(chat)) == (504, "model_timeout", 0)


async def test_a_model_that_cannot_be_reached_fails_the_turn(
    tmp_path: Path, mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings
) -> None:
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1", retries=0)
    async with serving_chat(written_agents(tmp_path), mongo, s3, amqp, settings) as server, server.caller() as chat:
        failed = await chat.api.call("Hello")
        assert (failed.status, failed.code) == (502, "model_failed")


async def test_a_failed_turn_with_its_idempotency_key_may_be_repeated(chat: Chat, model: StubModel) -> None:
    headers, url = {"Idempotency-Key": "again"}, f"{chat.api.chat}/call"
    model.reply = Refusal(500)
    failed = await chat.api.request("POST", url, json={"message": "Hello"}, headers=headers)
    model.reply = "Hello again."
    again = await chat.api.request("POST", url, json={"message": "Hello"}, headers=headers)
    assert (failed.status, again.status, again.body["response"]) == (502, 200, "Hello again.")


async def test_new_files_join_the_conversation_and_the_turn(chat: Chat, model: StubModel) -> None:
    earlier = await chat.attach("earlier.txt", "alpha")
    sent = await chat.send("Compare", ("first.md", b"# one"), ("second.md", b"# two"))
    assert sent.status == 200, sent
    assert [file["filename"] for file in sent.body["files"]] == ["earlier.txt", "first.md", "second.md"]
    assert [file["filename"] for file in await chat.api.listed()] == ["earlier.txt", "first.md", "second.md"]
    assert '"second.md": still being processed' in model.prompts[0]
    mixed = await chat.send("Only these", ("third.md", b"# three"), file_references="[]")
    assert [file["filename"] for file in mixed.body["files"]] == ["third.md"]
    shown = (await chat.api.request("GET", f"{chat.api.chat}/conversations/{sent.body['conversation_id']}")).body
    first = shown["messages"][0]
    assert (first["role"], [file["filename"] for file in first["files"]]) == ("user", ["first.md", "second.md"])
    assert earlier in [file["file_id"] for file in shown["messages"][1]["files"]]


async def test_new_files_go_to_the_conversation_that_is_named(chat: Chat) -> None:
    own = (await chat.api.request("POST", f"{chat.api.chat}/conversations")).body["conversation_id"]
    sent = await chat.send("Hello", ("own.txt", b"alpha"), conversation_id=own)
    assert sent.body["conversation_id"] == own
    assert [file["conversation_id"] for file in await chat.api.listed(conversation_id=own)] == [own]
    assert await chat.api.listed() == []


async def test_one_bad_file_of_several_is_named_and_the_turn_goes_on(chat: Chat, model: StubModel) -> None:
    sent = await chat.send("Hello", ("good.txt", b"alpha"), ("tool.exe", b"MZ\x90\x00"), ("empty.txt", b""))
    assert sent.status == 200, sent
    by_name = {file["filename"]: file for file in sent.body["files"]}
    assert by_name["good.txt"]["file_id"]
    for name, code in (("tool.exe", "unsupported_file_type"), ("empty.txt", "empty_file")):
        assert by_name[name]["file_id"] is None
        assert (by_name[name]["error"]["code"], by_name[name]["processing_status"]) == (code, "error")
        assert f'"{name}": not accepted' in model.prompts[0]
    assert [file["filename"] for file in await chat.api.listed()] == ["good.txt"]


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (("tool.exe", b"MZ\x90\x00"), 415, "unsupported_file_type"),
        (("big.txt", b"a" * 1001), 413, "file_too_large"),
        (("empty.txt", b""), 422, "empty_file"),
    ],
)
async def test_when_no_file_is_accepted_the_turn_is_refused(
    chat: Chat, model: StubModel, file: tuple[str, bytes], status: int, code: str
) -> None:
    refused = await chat.send("Hello", file)
    assert (refused.status, refused.code, model.requests) == (status, code, [])


async def test_when_every_file_is_refused_each_is_named(chat: Chat, model: StubModel) -> None:
    refused = await chat.send("Hello", ("tool.exe", b"MZ\x90\x00"), ("empty.txt", b""))
    assert (refused.status, refused.code, model.requests) == (415, "unsupported_file_type", [])
    errors = refused.body["errors"]
    named = [(one["field"], one["filename"], one["code"]) for one in errors]
    assert named == [("files", "tool.exe", "unsupported_file_type"), ("files", "empty.txt", "empty_file")]
    assert errors[0]["message"] == refused.body["detail"] != errors[1]["message"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"file_references": "not json"}, 422),
        ({"file_references": '["550e8400-e29b-41d4-a716-446655440000"]'}, 404),
        ({"conversation_id": "550e8400-e29b-41d4-a716-446655440000"}, 404),
        ({"search_params": '{"filter": {"a": {"$regex": "x"}}}'}, 422),
    ],
)
async def test_a_wrong_field_leaves_no_file_behind(chat: Chat, fields: dict[str, str], status: int) -> None:
    refused = await chat.send("Hello", ("good.txt", b"alpha"), **fields)
    assert refused.status == status, refused
    assert await chat.api.listed() == []
    assert await chat.context.database["files"].count_documents({"state": "receiving"}) == 0


async def test_too_many_files_of_one_request_are_refused_together(chat: Chat) -> None:
    refused = await chat.send("Hello", *[(f"{number}.txt", b"x") for number in range(4)])
    assert (refused.status, refused.code, await chat.api.listed()) == (413, "too_many_files", [])
