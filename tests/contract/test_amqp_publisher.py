"""Publishing on a real broker: a confirmation is believed, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelPreconditionFailed
from pydantic import SecretStr

from deploy.local.ports import free_ports
from libs.amqp.envelope import Envelope
from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import STORAGE_DELETIONS, declare
from libs.contracts.messages import DeleteFiles, ExtractFile, FileProcessed
from libs.errors import DependencyUnavailable
from tests.support.amqp import FILES_QUEUE, HEAVY_QUEUE, a_job, empty_broker, impatient, next_in, until, waiting


@pytest.fixture
async def channel(amqp: AmqpSettings) -> AsyncIterator[AbstractChannel]:
    """Give a channel on a broker whose queues are declared and empty."""
    async with empty_broker(amqp) as channel:
        yield channel


@pytest.fixture
async def publisher(amqp: AmqpSettings, channel: AbstractChannel) -> AsyncIterator[Publisher]:  # noqa: ARG001 - queues first
    """Give a connected publisher."""
    async with Publisher.open(impatient(amqp)) as publisher:
        await until(publisher.healthy)
        yield publisher


async def test_a_published_job_is_in_its_queue_with_the_request_that_caused_it(
    publisher: Publisher, channel: AbstractChannel
) -> None:
    job = a_job()
    await publisher.publish(job, correlation_id="req-7")
    message = await next_in(channel, FILES_QUEUE.name)
    envelope = Envelope.decode(message.body)
    assert (envelope.unwrap(), envelope.correlation_id) == (job, "req-7")
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def test_heavy_jobs_and_commands_have_queues_of_their_own(publisher: Publisher, channel: AbstractChannel) -> None:
    job = a_job().model_copy(update={"heavy": True})
    order = DeleteFiles(deletion_id=job.file_id)
    await publisher.publish(job, correlation_id="")
    await publisher.publish(order, correlation_id="")
    assert Envelope.decode((await next_in(channel, HEAVY_QUEUE.name)).body).unwrap() == job
    assert Envelope.decode((await next_in(channel, STORAGE_DELETIONS.name)).body).unwrap() == order
    assert await waiting(channel, FILES_QUEUE.name) == 0


async def test_the_same_job_published_twice_has_two_message_ids(publisher: Publisher, channel: AbstractChannel) -> None:
    job = a_job()
    await asyncio.gather(*(publisher.publish(job, correlation_id="") for _ in range(2)))
    first, second = [await next_in(channel, FILES_QUEUE.name) for _ in range(2)]
    assert first.message_id != second.message_id


async def test_a_job_held_back_comes_to_its_queue_by_itself(publisher: Publisher, channel: AbstractChannel) -> None:
    job = a_job()
    await publisher.publish(job, correlation_id="", retry_after=timedelta(milliseconds=100))
    assert await waiting(channel, FILES_QUEUE.retry(timedelta(seconds=1)).name) == 1
    message = await next_in(channel, FILES_QUEUE.name)
    assert Envelope.decode(message.body).unwrap() == job


async def test_an_event_that_nobody_follows_is_published(publisher: Publisher) -> None:
    await publisher.publish(FileProcessed(file_id=a_job().file_id, app_id="a", owner="o"), correlation_id="")


async def test_events_cannot_be_held_back(publisher: Publisher) -> None:
    event = FileProcessed(file_id=a_job().file_id, app_id="a", owner="o")
    with pytest.raises(ValueError, match="FileProcessed"):
        await publisher.publish(event, correlation_id="", retry_after=timedelta(seconds=1))


async def test_a_job_without_a_queue_raises_and_the_queue_comes_back(
    amqp: AmqpSettings, channel: AbstractChannel
) -> None:
    unhurried = amqp.model_copy(update={"heartbeat": timedelta(seconds=2)})
    async with Publisher.open(unhurried) as publisher:
        await until(publisher.healthy)
        await channel.queue_delete(FILES_QUEUE.name)
        with pytest.raises(DependencyUnavailable, match="broker"):
            await publisher.publish(a_job(), correlation_id="")

        async def published() -> bool:
            try:
                await publisher.publish(a_job(), correlation_id="")
            except DependencyUnavailable:
                return False
            return True

        await until(published)
        assert await waiting(channel, FILES_QUEUE.name) == 1


async def test_concurrent_publishers_are_each_told_their_own_truth(
    amqp: AmqpSettings, channel: AbstractChannel
) -> None:
    """Half of the jobs have no queue; aio-pika would confirm some of them if they shared a message id."""
    unhurried = amqp.model_copy(update={"heartbeat": timedelta(hours=1)})
    async with Publisher.open(unhurried) as publisher:
        await until(publisher.healthy)
        await channel.queue_delete(HEAVY_QUEUE.name)
        job = a_job()
        heavy = job.model_copy(update={"heavy": True})
        outcomes = await asyncio.gather(
            *(publisher.publish(heavy if number % 2 else job, correlation_id="") for number in range(100)),
            return_exceptions=True,
        )
        assert [isinstance(outcome, DependencyUnavailable) for outcome in outcomes] == [False, True] * 50
        assert await waiting(channel, FILES_QUEUE.name) == 50


async def test_without_a_broker_a_process_starts_and_publishing_fails_at_once(amqp: AmqpSettings) -> None:
    """The publish timeout is an hour here: this test would run into its own limit if publishing waited."""
    absent = amqp.model_copy(
        update={
            "url": SecretStr(f"amqp://127.0.0.1:{free_ports()['AMQP_PORT']}/"),
            "publish_timeout": timedelta(hours=1),
        }
    )
    async with Publisher.open(absent) as publisher:
        assert not await publisher.healthy()
        with pytest.raises(DependencyUnavailable, match="broker"):
            await publisher.publish(a_job(), correlation_id="")


async def test_a_caller_cancelled_while_publishing_stays_cancelled_and_harms_nobody(
    publisher: Publisher, channel: AbstractChannel
) -> None:
    tasks = [asyncio.create_task(publisher.publish(a_job(), correlation_id="")) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
    assert outcomes[1::2] == [None] * 10
    assert 10 <= await waiting(channel, FILES_QUEUE.name) <= 20


async def test_a_queue_is_never_redeclared_with_other_arguments(amqp: AmqpSettings, channel: AbstractChannel) -> None:  # noqa: ARG001 - queues first
    """So changed arguments need a new name: the reason for the version in every queue's name."""
    async with await aio_pika.connect(amqp.url.get_secret_value()) as connection:
        other = await connection.channel()
        with pytest.raises(ChannelPreconditionFailed):
            await other.declare_queue(FILES_QUEUE.name, durable=True, arguments={"x-queue-type": "quorum"})


async def test_declaring_twice_changes_nothing(publisher: Publisher, channel: AbstractChannel) -> None:
    await publisher.publish(a_job(), correlation_id="")
    await declare(channel)
    message = await next_in(channel, FILES_QUEUE.name)
    assert isinstance(Envelope.decode(message.body).unwrap(), ExtractFile)
