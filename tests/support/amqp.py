"""What tests of the broker share: a job to send, a dead letter to find, and patience with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from libs.amqp.envelope import Envelope
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import DEAD_QUEUE, EXTRACTION_FILES, EXTRACTION_HEAVY, QUEUES, declare
from libs.clock import now
from libs.contracts.messages import ExtractFile

PATIENCE_SECONDS = 30.0

FILES_QUEUE, HEAVY_QUEUE = EXTRACTION_FILES.of(""), EXTRACTION_HEAVY.of("")
"""Where ``a_job`` goes, which is nobody's."""


def impatient(settings: AmqpSettings, **changes: object) -> AmqpSettings:
    """Notice outages and come back from them in about a second instead of ten."""
    quick = {
        "heartbeat": timedelta(seconds=1),
        "check_timeout": timedelta(seconds=1),
        "connect_timeout": timedelta(seconds=5),
        "reconnect_delay": timedelta(milliseconds=50),
        "reconnect_delay_max": timedelta(milliseconds=500),
    }
    return settings.model_copy(update={**quick, **changes})


def a_job() -> ExtractFile:
    """Make a job like no other."""
    return ExtractFile(file_id=uuid4(), sha256="0" * 64, requested_at=now())


@asynccontextmanager
async def empty_broker(settings: AmqpSettings) -> AsyncIterator[AbstractChannel]:
    """Give a channel on a broker whose queues are declared and empty."""
    connection = await aio_pika.connect(settings.url.get_secret_value())
    async with connection, connection.channel() as channel:
        await declare(channel)
        for queue in QUEUES:
            await (await channel.get_queue(queue.name, ensure=False)).purge()
        yield channel


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once the condition holds; raise ``TimeoutError`` when it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - the condition holds in the broker, which has no Event
            await asyncio.sleep(0.05)


async def waiting(channel: AbstractChannel, queue: str) -> int:
    """Count the messages that wait in a queue."""
    declared = await channel.declare_queue(queue, passive=True)
    return declared.declaration_result.message_count or 0


async def next_in(channel: AbstractChannel, queue: str) -> AbstractIncomingMessage:
    """Take one message, waiting for it if need be."""
    source = await channel.get_queue(queue, ensure=False)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (message := await source.get(fail=False)) is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    await message.ack()
    return message


async def take_jobs(channel: AbstractChannel) -> list[ExtractFile]:
    """Take every job that waits in any lane."""
    jobs = []
    for lane in (*EXTRACTION_FILES, *EXTRACTION_HEAVY):
        queue = await channel.get_queue(lane.name, ensure=False)
        while (message := await queue.get(fail=False)) is not None:
            await message.ack()
            job = Envelope.decode(message.body).unwrap()
            assert isinstance(job, ExtractFile)
            jobs.append(job)
    return jobs


async def next_dead(channel: AbstractChannel) -> AbstractIncomingMessage:
    """Take one dead letter, waiting for it if need be."""
    return await next_in(channel, DEAD_QUEUE)
