"""The servers that tests get are real and empty."""

import aio_pika

from libs.amqp import topology
from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings, open_database


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
