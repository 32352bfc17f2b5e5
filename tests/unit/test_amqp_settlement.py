"""How a delivery is answered where one broker cannot show the difference: RabbitMQ 4.3 counts rejects, not nacks."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from aio_pika.abc import AbstractIncomingMessage
from pydantic import SecretStr

from libs.amqp.delivery import (
    AGAIN_HEADER,
    REASON_HEADER,
    RETRIES_HEADER,
    RETURNS_HEADER,
    Delivery,
    Handler,
    read_delivery,
)
from libs.amqp.envelope import Envelope
from libs.amqp.sender import Sender
from libs.amqp.settings import AmqpSettings
from libs.amqp.settlement import Settlement
from libs.amqp.topology import DELIVERY_LIMIT
from libs.errors import DependencyUnavailable
from tests.support.amqp import FILES_QUEUE, a_job


def _incoming(*, retries: object = 0, body: bytes | None = None) -> AsyncMock:
    incoming = AsyncMock(spec=AbstractIncomingMessage)
    incoming.body = body if body is not None else Envelope.wrap(a_job(), correlation_id="r").encode()
    incoming.headers = {RETRIES_HEADER: retries}
    incoming.redelivered = False
    incoming.type = "ExtractFile"
    return incoming


def _settlement(handler: Handler, *, broker_takes: bool = True) -> tuple[Settlement, AsyncMock]:
    sender = AsyncMock(spec=Sender)
    sender.send.side_effect = None if broker_takes else DependencyUnavailable("broker")
    settings = AmqpSettings(url=SecretStr("amqp://nowhere"), max_retries=3)
    return Settlement(settings, FILES_QUEUE, handler, sender), sender


async def _crash(_: Delivery) -> None:
    raise ZeroDivisionError


async def _outage(_: Delivery) -> None:
    raise DependencyUnavailable("database")


async def test_a_crash_is_rejected_because_every_broker_counts_that() -> None:
    incoming = _incoming()
    await _settlement(_crash)[0].process(incoming)
    incoming.reject.assert_awaited_once_with(requeue=True)
    incoming.nack.assert_not_called()


async def test_a_handler_cancelled_by_the_shutdown_is_nacked_because_newer_brokers_do_not_count_that() -> None:
    begun = asyncio.Event()

    async def never_ends(_: Delivery) -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    incoming = _incoming()
    task = asyncio.create_task(_settlement(never_ends)[0].process(incoming))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    incoming.nack.assert_awaited_once_with(requeue=True)
    incoming.reject.assert_not_called()


async def test_what_is_put_back_remembers_that_it_was_delivered_before() -> None:
    incoming = _incoming(retries=2)
    incoming.redelivered = True
    settlement, sender = _settlement(_crash)
    await settlement.put_back(incoming)
    copy = sender.send.await_args.args[0]
    assert (copy.exchange, copy.routing_key) == (FILES_QUEUE.exchange, FILES_QUEUE.routing_key)
    assert copy.headers == {RETRIES_HEADER: 2, AGAIN_HEADER: 1, RETURNS_HEADER: 0}
    incoming.ack.assert_awaited_once_with()
    incoming.headers, incoming.redelivered = copy.headers, False
    assert read_delivery(incoming).redelivered


async def test_returns_are_counted_through_all_copies_of_a_message() -> None:
    incoming = _incoming()
    incoming.headers = {RETURNS_HEADER: 2, "x-delivery-count": 3}
    settlement, sender = _settlement(_crash)
    await settlement.put_back(incoming)
    assert sender.send.await_args.args[0].headers[RETURNS_HEADER] == 5


@pytest.mark.parametrize(("since_the_copy", "handled"), [(0, True), (1, False)])
async def test_copies_do_not_outlive_the_delivery_limit(since_the_copy: int, handled: bool) -> None:
    handler = AsyncMock()
    incoming = _incoming()
    incoming.headers = {RETURNS_HEADER: DELIVERY_LIMIT, "x-delivery-count": since_the_copy}
    settlement, sender = _settlement(handler)
    await settlement.process(incoming)
    assert handler.await_count == handled
    assert [call.args[0].headers.get(REASON_HEADER) for call in sender.send.await_args_list] == (
        [] if handled else ["delivery_limit"]
    )
    incoming.ack.assert_awaited_once_with()


async def test_what_cannot_be_put_back_is_returned() -> None:
    incoming = _incoming()
    await _settlement(_crash, broker_takes=False)[0].put_back(incoming)
    incoming.nack.assert_awaited_once_with(requeue=True)
    incoming.ack.assert_not_called()


async def test_a_retry_that_cannot_be_queued_goes_back_where_it_came_from() -> None:
    incoming = _incoming()
    await _settlement(_outage, broker_takes=False)[0].process(incoming)
    incoming.reject.assert_awaited_once_with(requeue=True)
    incoming.ack.assert_not_called()


async def test_a_dead_letter_that_cannot_be_labelled_is_left_to_the_broker() -> None:
    incoming = _incoming(body=b"not json")
    await _settlement(_crash, broker_takes=False)[0].process(incoming)
    incoming.reject.assert_awaited_once_with(requeue=False)
    incoming.ack.assert_not_called()


@pytest.mark.parametrize(
    ("retries", "queue"), [(0, "1s"), (1, "5s"), (2, "30s"), ("garbage", "1s"), (-9, "1s"), (None, "1s")]
)
async def test_each_retry_waits_longer(retries: object, queue: str) -> None:
    settlement, sender = _settlement(_outage)
    incoming = _incoming(retries=retries)
    await settlement.process(incoming)
    assert sender.send.await_args.args[0].exchange == f"satchel.jobs.retry.{queue}"
    incoming.ack.assert_awaited_once_with()


async def test_an_answer_that_cannot_be_sent_is_not_an_error() -> None:
    async def fine(_: Delivery) -> None:
        """Do nothing."""

    incoming = _incoming()
    incoming.ack.side_effect = ConnectionResetError
    await _settlement(fine)[0].process(incoming)
    incoming.ack.assert_awaited_once_with()
