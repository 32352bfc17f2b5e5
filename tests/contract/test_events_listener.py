"""Events reach every replica, in order, and whoever waits for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import aio_pika
import pytest
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelClosed, ChannelNotFoundEntity

from libs.amqp.delivery import Delivery
from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.amqp.subscriber import EventSubscriber
from libs.amqp.topology import EVENTS
from libs.contracts.messages import FileFailed, FileProcessed, FileProgress, FilesDeleted, Message
from services.gateway.events.listener import EventListener
from services.gateway.events.waiters import Waiters
from tests.support.amqp import empty_broker, impatient, until

_LONG = timedelta(seconds=30)


@pytest.fixture
async def channel(amqp: AmqpSettings) -> AsyncIterator[AbstractChannel]:
    """Give a channel on a broker whose queues are declared and empty."""
    async with empty_broker(amqp) as channel:
        yield channel


@pytest.fixture
async def publisher(amqp: AmqpSettings, channel: AbstractChannel) -> AsyncIterator[Publisher]:
    """Give a connected publisher."""
    assert not channel.is_closed
    async with Publisher.open(impatient(amqp)) as publisher:
        await until(publisher.healthy)
        yield publisher


class Log:
    """A sink that keeps what it gets, and fails for events of one owner."""

    def __init__(self) -> None:
        self.events: list[Message] = []

    def receive(self, message: Message) -> None:
        """Keep the event."""
        self.events.append(message)
        if getattr(message, "owner", "") == "trouble":
            raise RuntimeError("a sink with a bug")

    async def holds(self, count: int) -> bool:
        """Whether that many events have come."""
        return len(self.events) >= count


def _progress(file_id: UUID, pages_done: int) -> FileProgress:
    return FileProgress(file_id=file_id, app_id="app", owner="o", pages_done=pages_done)


async def _listening(stack: AsyncExitStack, settings: AmqpSettings, *sinks: Log | Waiters) -> EventListener:
    listener = EventListener(impatient(settings), sinks)
    await listener.start()
    stack.push_async_callback(listener.stop)
    await until(listener.healthy)
    return listener


async def test_a_request_on_each_replica_is_woken_by_the_event(amqp: AmqpSettings, publisher: Publisher) -> None:
    here, there, file_id, deletion_id = Waiters(), Waiters(), uuid4(), uuid4()
    async with AsyncExitStack() as stack:
        await _listening(stack, amqp, here)
        await _listening(stack, amqp, there)
        with here.expect(file_id) as one, there.expect(file_id, deletion_id) as other:
            await publisher.publish(
                FileFailed(file_id=file_id, app_id="app", owner="o", code="encrypted"), correlation_id="r"
            )
            await publisher.publish(FilesDeleted(deletion_id=deletion_id), correlation_id="r")
            assert await one.wait(_LONG) == {file_id}
            assert await other.wait(_LONG) == {file_id, deletion_id}


async def test_events_come_in_order_and_complete(amqp: AmqpSettings, publisher: Publisher) -> None:
    log, file_id = Log(), uuid4()
    events = [
        *(_progress(file_id, number) for number in range(200)),
        FileProcessed(file_id=file_id, app_id="a", owner="o"),
    ]
    async with AsyncExitStack() as stack:
        await _listening(stack, amqp, log)
        for event in events:
            await publisher.publish(event, correlation_id="r")
        await until(lambda: log.holds(len(events)))
    assert log.events == events


async def test_the_next_event_waits_until_the_last_is_handled(amqp: AmqpSettings, publisher: Publisher) -> None:
    begun: list[Message] = []
    ended: list[Message] = []

    async def handler(delivery: Delivery) -> None:
        begun.append(delivery.message)
        assert len(begun) == len(ended) + 1
        await asyncio.sleep(0.001)
        ended.append(delivery.message)

    async def all_ended() -> bool:
        return len(ended) == len(events)

    file_id = uuid4()
    events = [_progress(file_id, number) for number in range(50)]
    subscriber = EventSubscriber(impatient(amqp), handler, ["file.progress"])
    await subscriber.start()
    try:
        await until(subscriber.healthy)
        await publisher.publish(FilesDeleted(deletion_id=file_id), correlation_id="not asked for")
        for event in events:
            await publisher.publish(event, correlation_id="r")
        await until(all_ended)
    finally:
        await subscriber.stop()
    assert ended == events


async def test_a_failing_sink_and_an_unreadable_event_stop_nothing(
    amqp: AmqpSettings, publisher: Publisher, channel: AbstractChannel
) -> None:
    log = Log()
    async with AsyncExitStack() as stack:
        await _listening(stack, amqp, log)
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        await exchange.publish(AmqpMessage(b"not json"), "file.processed")
        await publisher.publish(FileProcessed(file_id=uuid4(), app_id="a", owner="trouble"), correlation_id="r")
        await publisher.publish(FileProcessed(file_id=uuid4(), app_id="a", owner="fine"), correlation_id="r")
        await until(lambda: log.holds(2))


async def test_a_stopped_listener_leaves_no_queue_behind(amqp: AmqpSettings) -> None:
    async with AsyncExitStack() as stack:
        listener = await _listening(stack, amqp, Log())
        name = listener._subscriber._queue_name
        assert not await _gone(amqp, name)
    await until(lambda: _gone(amqp, name))


async def _gone(settings: AmqpSettings, queue: str) -> bool:
    """Ask on a connection of our own, because the answer about another's exclusive queue is an error either way."""
    async with await aio_pika.connect(settings.url.get_secret_value()) as connection:
        channel = await connection.channel()
        with pytest.raises(ChannelClosed) as answer:
            await channel.declare_queue(queue, passive=True)
        return isinstance(answer.value, ChannelNotFoundEntity)
