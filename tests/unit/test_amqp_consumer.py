"""What becomes of deliveries that wait for their turn while the connection or the process ends."""

import asyncio
from unittest.mock import AsyncMock, MagicMock

import pytest
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from pydantic import SecretStr

from libs.amqp.consumer import Consumer
from libs.amqp.session import Session
from libs.amqp.settings import AmqpSettings
from libs.amqp.settlement import Settlement
from tests.support.amqp import FILES_QUEUE, HEAVY_QUEUE

QUEUE = FILES_QUEUE.name


def _consumer() -> tuple[Consumer, AsyncMock, asyncio.Event]:
    """Give a consumer with one slot, what settles its deliveries, and what lets a handler end."""
    may_end = asyncio.Event()

    async def handle(_: object) -> None:
        await may_end.wait()

    settlement = AsyncMock(spec=Settlement)
    settlement.process.side_effect = handle
    settings = AmqpSettings(url=SecretStr("amqp://nowhere"))
    consumer = Consumer(settings, [FILES_QUEUE], AsyncMock(), slots=1, name="test")
    consumer._settlements[QUEUE] = settlement
    return consumer, settlement, may_end


def _session() -> Session:
    return Session(AsyncMock(spec=AbstractConnection), MagicMock())


async def _deliver(consumer: Consumer, session: Session) -> AsyncMock:
    incoming = AsyncMock(spec=AbstractIncomingMessage)
    await consumer._take(session, QUEUE, incoming)
    return incoming


async def _all_ended(consumer: Consumer) -> None:
    async with asyncio.timeout(5):
        while consumer._running:
            await asyncio.wait(consumer._running)


async def test_a_delivery_whose_session_ends_leaves_the_line_and_nothing_is_said_of_it() -> None:
    """Its copy would be a second message: the broker has put the original back."""
    consumer, settlement, may_end = _consumer()
    session = _session()
    handled = await _deliver(consumer, session)
    await _deliver(consumer, session)
    await asyncio.sleep(0)
    session.end()
    left, still_at_work = await asyncio.wait(consumer._running, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    assert (len(left), len(still_at_work)) == (1, 1)
    later = await _deliver(consumer, _session())
    may_end.set()
    await _all_ended(consumer)
    assert [call.args[0] for call in settlement.process.await_args_list] == [handled, later]
    settlement.put_back.assert_not_called()
    settlement.give_back.assert_not_called()


async def test_a_turn_that_comes_with_the_end_of_the_session_is_not_used() -> None:
    consumer, settlement, may_end = _consumer()
    session = _session()

    async def handle(_: object) -> None:
        await may_end.wait()
        session.end()

    settlement.process.side_effect = handle
    handled = await _deliver(consumer, session)
    await _deliver(consumer, session)
    await asyncio.sleep(0)
    may_end.set()
    await _all_ended(consumer)
    settlement.process.assert_awaited_once_with(handled)
    settlement.give_back.assert_not_called()


async def test_a_delivery_that_waits_too_long_on_a_live_session_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.amqp.consumer._LONGEST_WAIT_SECONDS", 0.01)
    consumer, settlement, may_end = _consumer()
    session = _session()
    await _deliver(consumer, session)
    waiting = await _deliver(consumer, session)
    await asyncio.sleep(0.05)
    may_end.set()
    await _all_ended(consumer)
    settlement.put_back.assert_awaited_once_with(waiting)


async def test_a_delivery_that_had_not_joined_the_line_when_the_process_stopped_goes_back() -> None:
    consumer, settlement, may_end = _consumer()
    session = _session()
    await _deliver(consumer, session)
    await asyncio.sleep(0)
    stopping = asyncio.create_task(consumer.stop())
    just_come = await _deliver(consumer, session)
    async with asyncio.timeout(5):
        while not settlement.give_back.await_count:  # noqa: ASYNC110 - a mock has no Event
            await asyncio.sleep(0.01)
    settlement.give_back.assert_awaited_once_with(just_come)
    may_end.set()
    await stopping


async def test_a_queue_whose_consumer_cannot_be_cancelled_does_not_keep_the_others_subscribed() -> None:
    queues = {FILES_QUEUE.name: AsyncMock(), HEAVY_QUEUE.name: AsyncMock()}
    queues[FILES_QUEUE.name].cancel.side_effect = TimeoutError
    channel = MagicMock(get_queue=AsyncMock(side_effect=lambda name, **_: queues[name]))
    session = Session(AsyncMock(spec=AbstractConnection), channel)
    settings = AmqpSettings(url=SecretStr("amqp://nowhere"))
    consumer = Consumer(settings, [FILES_QUEUE, HEAVY_QUEUE], AsyncMock(), slots=2, name="test")
    consumer._link = AsyncMock(session=lambda: session)
    consumer._consumer_tags = {FILES_QUEUE.name: "files", HEAVY_QUEUE.name: "heavy"}
    await consumer.stop()
    assert queues[HEAVY_QUEUE.name].cancel.await_args.args == ("heavy",)
