"""Fixtures every test may ask for: real servers, and a place of one's own on each of them.

The session's servers start when the first test asks for one. Isolation is per test module: a database, a bucket and
a clean broker that no other module uses.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aio_pika
import pytest

from libs.amqp import topology
from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings, open_database
from libs.objects.settings import S3Settings
from libs.objects.store import ObjectStore
from tests.support.servers import ServerRoom, Servers
from tests.support.stack import Stack, shared_stack


@pytest.fixture(scope="session")
async def server_room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerRoom]:
    """Give the session's servers, none of which runs yet."""
    folder: Path = tmp_path_factory.mktemp("servers")
    async with ServerRoom.open(folder) as room:
        yield room


@pytest.fixture(scope="session")
async def mongo_server(server_room: ServerRoom) -> MongoSettings:
    """Give the session's MongoDB; ``mongo`` is what tests want."""
    return await server_room.mongo()


@pytest.fixture(scope="session")
async def amqp_server(server_room: ServerRoom) -> AmqpSettings:
    """Give the session's broker; ``amqp`` is what tests want."""
    return await server_room.amqp()


@pytest.fixture(scope="session")
async def s3_server(server_room: ServerRoom) -> S3Settings:
    """Give the session's object store; ``s3`` is what tests want."""
    return await server_room.s3()


@pytest.fixture(scope="session")
async def model_url(server_room: ServerRoom) -> str:
    """Give the base address of an OpenAI-compatible model, ``/v1`` included."""
    return await server_room.model_url()


@pytest.fixture(scope="session")
async def servers(server_room: ServerRoom) -> Servers:
    """Give all four, started at the same time."""
    mongo, amqp, s3, model = await asyncio.gather(
        server_room.mongo(), server_room.amqp(), server_room.s3(), server_room.model_url()
    )
    return Servers(mongo=mongo, amqp=amqp, s3=s3, model_url=model)


@pytest.fixture(scope="session")
async def stack(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Give the three services, running; tests that break something take ``tests.support.stack.fresh_stack``."""
    async with shared_stack(tmp_path_factory.mktemp("stack"), servers) as running:
        yield running


@pytest.fixture(scope="module")
async def mongo(mongo_server: MongoSettings) -> AsyncIterator[MongoSettings]:
    """Give a database of this module's own, dropped afterwards."""
    settings = mongo_server.model_copy(update={"database": f"test_{uuid4().hex[:12]}"})
    yield settings
    async with open_database(settings) as database:
        await database.client.drop_database(settings.database)


@pytest.fixture(scope="module")
async def s3(s3_server: S3Settings) -> S3Settings:
    """Give an empty bucket of this module's own."""
    settings = s3_server.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"})
    async with ObjectStore.open(settings) as store:
        await store.ensure_bucket()
    return settings


@pytest.fixture(scope="module")
async def amqp(amqp_server: AmqpSettings) -> AsyncIterator[AmqpSettings]:
    """Give a broker without any of Satchel's exchanges and queues: what other modules left in them is gone."""
    yield amqp_server
    connection = await aio_pika.connect(amqp_server.url.get_secret_value())
    async with connection, connection.channel() as channel:
        for queue in topology.QUEUES:
            await channel.queue_delete(queue.name)
        for exchange in topology.EXCHANGES:
            await channel.exchange_delete(exchange)
