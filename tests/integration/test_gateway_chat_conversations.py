"""Conversations over HTTP: begun, listed, shown, reset, deleted. Storage is away: the condemned is hidden at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.gateway.chat.store import ConversationStore
from services.gateway.settings import ModelSettings
from tests.support.chat import Chat, ChatServer, serving_chat, written_agents
from tests.support.model import StubModel


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
    async with serving_chat(written_agents(folder), mongo, s3, amqp, ModelSettings(base_url=model.url)) as server:
        yield server


@pytest.fixture
async def chat(server: ChatServer, model: StubModel) -> AsyncIterator[Chat]:
    model.requests.clear()
    model.reply = "I have read it."
    async with server.caller() as chat:
        yield chat


async def begin(chat: Chat, **fields: str) -> str:
    answer = await chat.api.request("POST", f"{chat.api.chat}/conversations", json=fields)
    assert answer.status == 201, answer
    conversation_id: str = answer.body["conversation_id"]
    return conversation_id


def multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def page(chat: Chat, **query: str) -> tuple[list[str], str | None]:
    answer = await chat.api.request("GET", f"{chat.api.chat}/conversations", params=query)
    assert answer.status == 200, answer
    assert answer.body["has_more"] is (answer.body["next"] is not None)
    return [one["conversation_id"] for one in answer.body["data"]], answer.body["next"]


async def test_a_conversation_begins_empty_and_takes_its_title_from_the_first_message(chat: Chat) -> None:
    begun = await chat.api.request("POST", f"{chat.api.chat}/conversations")
    assert begun.status == 201
    assert {"conversation_id", "title", "created_at", "updated_at", "message_count"} == set(begun.body)
    assert (begun.body["title"], begun.body["message_count"]) == (None, 0)
    conversation_id = begun.body["conversation_id"]
    await chat.ask("What  is\nthis " + "long " * 30, conversation_id=conversation_id)
    await chat.ask("And that?", conversation_id=conversation_id)
    shown = (await chat.api.request("GET", f"{chat.api.chat}/conversations/{conversation_id}")).body
    assert shown["title"].startswith("What is this long")
    assert (len(shown["title"]) <= 80, shown["title"][-1]) == (True, "…")
    assert [(one["role"], one["text"]) for one in shown["messages"]][1:3] == [
        ("assistant", "I have read it."),
        ("user", "And that?"),
    ]
    assert shown["messages"][1]["usage"]["completion_tokens"] == 10
    assert shown["updated_at"] > shown["created_at"]


async def test_a_title_that_was_given_stays(chat: Chat) -> None:
    conversation_id = await begin(chat, title="Contracts")
    await chat.ask("Hello", conversation_id=conversation_id)
    shown = (await chat.api.request("GET", f"{chat.api.chat}/conversations/{conversation_id}")).body
    assert shown["title"] == "Contracts"


async def test_conversations_are_listed_page_by_page_newest_first(chat: Chat) -> None:
    begun = [await begin(chat) for _ in range(5)]
    first, cursor = await page(chat, limit="2")
    assert (first, cursor) == ([begun[4], begun[3]], begun[3])
    second, cursor = await page(chat, limit="2", after=str(cursor))
    third, cursor = await page(chat, limit="2", after=str(cursor))
    assert (second, third, cursor) == ([begun[2], begun[1]], [begun[0]], None)
    assert await page(chat, order="asc") == (begun, None)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"order": "up"}, {"after": "x"}, {"offset": "1"}])
async def test_a_wrong_query_is_422(chat: Chat, query: dict[str, str]) -> None:
    answer = await chat.api.request("GET", f"{chat.api.chat}/conversations", params=query)
    assert (answer.status, answer.code) == (422, "validation_error")


async def test_a_strangers_conversation_is_answered_like_one_that_does_not_exist(
    chat: Chat, server: ChatServer
) -> None:
    mine = await begin(chat)
    async with server.caller() as stranger:
        url = f"{stranger.api.chat}/conversations"
        for other in (mine, "550e8400-e29b-41d4-a716-446655440000", "nonsense"):
            for method in ("GET", "DELETE"):
                answer = await stranger.api.request(method, f"{url}/{other}")
                assert (answer.status, answer.code) == (404, "conversation_not_found")
        for after in (mine, "550e8400-e29b-41d4-a716-446655440000"):
            answer = await stranger.api.request("GET", url, params={"after": after})
            assert (answer.status, answer.code) == (404, "conversation_not_found")
        reset = await stranger.api.request("POST", f"{stranger.api.chat}/reset", params={"conversation_id": mine})
        assert (reset.status, reset.code) == (404, "conversation_not_found")
        assert await page(stranger) == ([], None)
    assert await page(chat) == ([mine], None)


async def test_reset_hides_history_and_files_at_once_and_the_conversation_stays(chat: Chat, model: StubModel) -> None:
    await chat.attach("shared.txt", "alpha")
    conversation_id = (await chat.ask("My name is Ada."))["conversation_id"]
    other = await begin(chat)
    kept = await chat.attach("kept.txt", "beta", conversation_id=other)
    reset = await chat.api.request("POST", f"{chat.api.chat}/reset")
    assert (reset.status, reset.body["success"], reset.body["receipt"]["kind"]) == (200, True, "reset")
    url = f"{chat.api.chat}/conversations/{conversation_id}"
    shown = (await chat.api.request("GET", url)).body
    assert (shown["messages"], shown["message_count"], shown["title"]) == ([], 0, None)
    assert [file["file_id"] for file in await chat.api.listed(conversation_id=other)] == [kept]
    after = await chat.ask("What is my name?")
    assert (after["conversation_id"], after["files"]) == (conversation_id, [])
    assert "Ada" not in model.prompts[-1]
    shown = (await chat.api.request("GET", url)).body
    assert [message["text"] for message in shown["messages"]] == ["What is my name?", "I have read it."]


@pytest.mark.parametrize("where", ["query", "json", "form", "multipart"])
async def test_reset_of_one_conversation_leaves_shared_files(chat: Chat, where: str) -> None:
    shared = await chat.attach("shared.txt", "alpha")
    named = await begin(chat)
    await chat.attach("own.txt", "beta", conversation_id=named)
    options = {"query": "params", "json": "json", "form": "data", "multipart": "data"}[where]
    fields = multipart(conversation_id=named) if where == "multipart" else {"conversation_id": named}
    reset = await chat.api.request("POST", f"{chat.api.chat}/reset", **{options: fields})
    assert reset.status == 200
    assert [file["file_id"] for file in await chat.api.listed(conversation_id=named)] == [shared]


async def test_reset_never_guesses_which_of_two_conversations(chat: Chat) -> None:
    first, second = await begin(chat), await begin(chat)
    kept = [await chat.attach("own.txt", "beta", conversation_id=one) for one in (first, second)]
    url = f"{chat.api.chat}/reset"
    query = {"conversation_id": first}
    refused = await chat.api.request("POST", url, params=query, json={"conversation_id": second})
    assert (refused.status, refused.code) == (422, "validation_error")
    assert [fault["field"] for fault in refused.body["errors"]] == ["conversation_id"]
    listed = [await chat.api.listed(conversation_id=one) for one in (first, second)]
    assert [[file["file_id"] for file in files] for files in listed] == [[file_id] for file_id in kept]
    assert (await chat.api.request("POST", url, params=query, json={"conversation_id": first})).status == 200
    assert (await chat.api.request("POST", url, params=query, json={"conversation_id": ""})).status == 200


async def test_a_form_to_reset_takes_text_only_and_each_field_once(chat: Chat) -> None:
    with_file, twice = multipart(conversation_id=""), multipart(conversation_id="")
    with_file.add_field("files", b"alpha", filename="a.txt")
    twice.add_field("conversation_id", "")
    answers = [await chat.api.request("POST", f"{chat.api.chat}/reset", data=form) for form in (with_file, twice)]
    assert [answer.code for answer in answers] == ["validation_error", "malformed_body"]


async def test_a_conversation_begins_with_json_only(chat: Chat) -> None:
    url = f"{chat.api.chat}/conversations"
    for form in ({"title": "Mine"}, multipart(title="Mine")):
        refused = await chat.api.request("POST", url, data=form)
        assert (refused.status, refused.code) == (415, "unsupported_media_type")
    assert await page(chat) == ([], None)


async def test_a_turn_that_a_reset_overtook_is_not_remembered(chat: Chat, model: StubModel) -> None:
    conversation_id = (await chat.ask("Hello"))["conversation_id"]

    async def reply(_prompt: str) -> str:
        await ConversationStore(chat.context.database).forget(UUID(conversation_id), now() + timedelta(hours=1))
        return "You said Hello."

    model.reply = reply
    assert (await chat.ask("What did I say?"))["response"] == "You said Hello."
    assert await chat.context.database["messages"].count_documents({"conversation_id": UUID(conversation_id)}) == 2


async def test_a_deleted_conversation_is_gone_with_its_own_files_and_a_new_default_begins(chat: Chat) -> None:
    conversation_id = (await chat.ask("Hello"))["conversation_id"]
    await chat.attach("own.txt", "alpha", conversation_id=conversation_id)
    url = f"{chat.api.chat}/conversations/{conversation_id}"
    deleted = await chat.api.request("DELETE", url)
    assert (deleted.status, deleted.body["receipt"]["kind"]) == (200, "conversation")
    assert (await chat.api.request("GET", url)).code == "conversation_not_found"
    assert (await chat.api.request("DELETE", url)).code == "conversation_not_found"
    assert (await chat.api.call("x", conversation_id=conversation_id)).code == "conversation_not_found"
    begun = {body["conversation_id"] for body in await asyncio.gather(*(chat.ask("Hello") for _ in range(6)))}
    assert len(begun) == 1
    assert begun != {conversation_id}
