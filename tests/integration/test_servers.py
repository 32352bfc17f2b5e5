"""The servers that tests get are real and empty."""

import aio_pika
import aiohttp

from libs.amqp import topology
from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings, open_database
from libs.objects.settings import S3Settings
from libs.objects.store import ObjectStore


async def test_a_modules_database_is_empty_and_takes_a_document(mongo: MongoSettings) -> None:
    async with open_database(mongo) as database:
        assert await database.list_collection_names() == []
        await database["things"].insert_one({"_id": 1})
        assert await database["things"].count_documents({}) == 1


async def test_a_module_finds_a_broker_on_which_everything_can_be_declared(amqp: AmqpSettings) -> None:
    connection = await aio_pika.connect(amqp.url.get_secret_value())
    async with connection, connection.channel() as channel:
        await topology.declare(channel)
        queue = await channel.declare_queue(topology.DEAD_QUEUE, passive=True)
        assert queue.declaration_result.message_count == 0


async def test_a_modules_bucket_exists_and_is_empty(s3: S3Settings) -> None:
    async with ObjectStore.open(s3) as store:
        await store.ping()
        assert [found async for found in store.list()] == []


async def test_the_model_answers_in_words(model_url: str) -> None:
    question = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{model_url}/chat/completions", json=question) as answer,
    ):
        body = await answer.json()
    assert body["choices"][0]["message"]["content"].strip()
