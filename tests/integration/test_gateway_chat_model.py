"""The project's own agent on a real, weak model: what a small model answers from, a large one will."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.gateway.settings import ModelSettings
from tests.support.chat import Chat, ChatServer, serving_chat, written_agents
from tests.support.model import StubModel

AGENTS_FILE = Path(__file__).parents[2] / "agents.yaml"
CONTRACT = "The contract number is QX-4471 and the total is 950 euros."
QUESTION = "What is the contract number in this document?"


@pytest.fixture(scope="module")
async def server(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings, model_url: str) -> AsyncIterator[ChatServer]:
    async with serving_chat(AGENTS_FILE, mongo, s3, amqp, ModelSettings(base_url=model_url)) as server:
        yield server


@pytest.fixture
async def chat(server: ChatServer) -> AsyncIterator[Chat]:
    async with server.caller() as chat:
        yield chat


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[StubModel]:
    async with StubModel.serving() as stub:
        yield stub


@pytest.fixture
async def greedy(
    tmp_path: Path, mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings, stub: StubModel
) -> AsyncIterator[Chat]:
    settings = ModelSettings(base_url=stub.url)
    async with serving_chat(written_agents(tmp_path), mongo, s3, amqp, settings) as server, server.caller() as chat:
        yield chat


async def test_it_answers_from_a_document(chat: Chat) -> None:
    await chat.attach("document.pdf.txt", CONTRACT)
    body = await chat.ask(QUESTION)
    assert "QX-4471" in body["response"]
    assert body["usage"]["prompt_tokens"] > 0


async def test_it_answers_from_one_of_several_files(chat: Chat) -> None:
    await chat.attach("document.txt", CONTRACT)
    await chat.attach("notes.md", "# Notes\nThe second contract is QX-9002.")
    await chat.attach("image.txt")
    assert "QX-9002" in (await chat.ask("What is the second contract?"))["response"]


async def test_it_answers_from_a_table(chat: Chat) -> None:
    await chat.attach("sales.csv", "| region | sales |\n|---|---|\n| north | 4100 |\n| south | 3900 |")
    assert "4100" in (await chat.ask("What are the sales in the north?"))["response"]


async def test_it_answers_after_turns_of_history(chat: Chat) -> None:
    await chat.ask("Hello")
    await chat.ask("What can you do?")
    await chat.attach("document.txt", CONTRACT)
    assert "QX-4471" in (await chat.ask(QUESTION))["response"]


async def test_it_answers_from_one_page_of_five_hundred(chat: Chat) -> None:
    pages = [f"Minutes of meeting {number}: the weather was fair and nothing was decided." for number in range(500)]
    pages[322] = CONTRACT
    await chat.attach("minutes.txt", *pages)
    body = await chat.ask(QUESTION)
    assert 323 in body["files"][0]["pages_used"]
    assert body["files"][0]["truncated"]
    assert "QX-4471" in body["response"]


@pytest.mark.parametrize(
    "line",
    [
        "| {n} | {n}{n} | 0.{n}7 | -{n} |\n",
        "The committee met in the afternoon and discussed the weather, the harvest and the roads. ",
        'if (rows[{n}].get("key_{n}") != None) {{ return {{"value": {n}}}; }}\n',
        "Номер договора четыре тысячи четыреста, сумма девятьсот пятьдесят евро. ",
    ],
    ids=["numbers", "prose", "code", "russian"],
)
async def test_a_prompt_full_of_documents_fits_the_models_context(
    greedy: Chat, stub: StubModel, model_url: str, line: str
) -> None:
    text = "".join(line.format(n=n) for n in range(2000))
    await greedy.attach("long.txt", *[text[start : start + 1500] for start in range(0, len(text), 1500)] * 2)
    body = await greedy.ask("What is this about?")
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{model_url.removesuffix('/v1')}/tokenize", json={"content": stub.prompts[-1]})
        tokens = len((await answer.json())["tokens"])
    assert body["files"][0]["truncated"]
    assert 3000 < tokens <= 8192 - 512
