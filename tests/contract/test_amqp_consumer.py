"""Consuming on a real broker: what each outcome of a handler means for its message."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from pymongo.errors import AutoReconnect

from libs.amqp.consumer import Consumer
from libs.amqp.delivery import AGAIN_HEADER, QUEUE_HEADER, REASON_HEADER, RETRIES_HEADER, Delivery, Handler
from libs.amqp.envelope import MAX_BODY_BYTES, Envelope
from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import DELIVERY_LIMIT, EXTRACTION_FILES, JOBS
from libs.contracts.messages import ExtractFile
from libs.errors import AppError, DependencyUnavailable, Kind
from libs.logs import REQUEST_ID
from tests.support.amqp import FILES_QUEUE, a_job, empty_broker, impatient, next_dead, next_in, until, waiting

Consume = Callable[..., Awaitable[Consumer]]


@pytest.fixture
async def channel(amqp: AmqpSettings) -> AsyncIterator[AbstractChannel]:
    """Give a channel on a broker whose queues are declared and empty."""
    async with empty_broker(amqp) as channel:
        yield channel


@pytest.fixture
async def publish(
    amqp: AmqpSettings, channel: AbstractChannel
) -> AsyncIterator[Callable[[ExtractFile], Awaitable[None]]]:
    """Give a way to publish jobs."""
    assert not channel.is_closed
    async with Publisher.open(impatient(amqp)) as publisher:
        await until(publisher.healthy)
        yield lambda job: publisher.publish(job, correlation_id="req-7")


@pytest.fixture
async def consume(amqp: AmqpSettings, channel: AbstractChannel) -> AsyncIterator[Consume]:
    """Give a way to run a handler over the queue of files until the test ends."""
    assert not channel.is_closed
    async with AsyncExitStack() as stack:

        async def start(handler: Handler, *, slots: int = 4, **settings: object) -> Consumer:
            changed = impatient(amqp, **{"stop_grace": timedelta(seconds=1), **settings})
            consumer = Consumer(changed, [FILES_QUEUE], handler, slots=slots, name="test")
            await consumer.start()
            stack.push_async_callback(consumer.stop)
            await until(consumer.healthy)
            return consumer

        yield start


class Recorder:
    """A handler that remembers its deliveries and ends as it is told."""

    def __init__(self, *errors: Exception) -> None:
        """Raise ``errors`` one after the other, the last of them for ever."""
        self._errors = list(errors)
        self.deliveries: list[Delivery] = []
        self.request_ids: list[str] = []

    async def __call__(self, delivery: Delivery) -> None:
        """Take note of the delivery and of the request id in force."""
        self.deliveries.append(delivery)
        self.request_ids.append(REQUEST_ID.get())
        if self._errors:
            raise self._errors.pop(0) if len(self._errors) > 1 else self._errors[0]

    async def handled(self, count: int) -> bool:
        """Whether that many deliveries have come."""
        return len(self.deliveries) >= count


async def _send_raw(channel: AbstractChannel, body: bytes) -> None:
    exchange = await channel.get_exchange(JOBS, ensure=False)
    await exchange.publish(aio_pika.Message(body), FILES_QUEUE.routing_key)


async def _nothing_left(channel: AbstractChannel, consumer: Consumer) -> None:
    """Stop the consumer, so that whatever it did not acknowledge would be back in the queue."""
    await consumer.stop()
    assert await waiting(channel, FILES_QUEUE.name) == 0


async def test_a_handled_message_is_gone(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    recorder, job = Recorder(), a_job()
    consumer = await consume(recorder)
    await publish(job)
    await until(lambda: recorder.handled(1))
    assert recorder.deliveries == [Delivery(message=job, correlation_id="req-7", redelivered=False, retries=0)]
    assert recorder.request_ids == ["req-7"]
    await _nothing_left(channel, consumer)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x00not json", "not_json"),
        (b"{}", "wrong_shape"),
        (b'{"type":"FormatDisk","version":1,"occurred_at":0,"correlation_id":"","payload":{}}', "unknown_type"),
        (b'{"type":"ExtractFile","version":99,"occurred_at":0,"correlation_id":"","payload":{}}', "newer_version"),
        (b"x" * 2_000_000, "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_unreadable_message_is_dead_lettered_with_its_reason(
    consume: Consume, channel: AbstractChannel, body: bytes, reason: str
) -> None:
    recorder = Recorder()
    consumer = await consume(recorder)
    await _send_raw(channel, body)
    dead = await next_dead(channel)
    assert dead.headers[REASON_HEADER] == reason
    assert dead.headers[QUEUE_HEADER] == FILES_QUEUE.name
    assert dead.body == body[:MAX_BODY_BYTES]
    assert not recorder.deliveries
    await _nothing_left(channel, consumer)


@pytest.mark.parametrize("outage", [DependencyUnavailable("database"), AutoReconnect("primary gone")], ids=type)
async def test_an_outage_delays_the_message_and_counts_the_retry(
    consume: Consume,
    publish: Callable[[ExtractFile], Awaitable[None]],
    channel: AbstractChannel,
    outage: Exception,
) -> None:
    seen: list[int] = []

    async def fails_once(delivery: Delivery) -> None:
        seen.append(delivery.retries)
        if len(seen) == 1:
            raise outage

    async def came_back() -> bool:
        return len(seen) == 2

    consumer = await consume(fails_once)
    await publish(a_job())
    await until(came_back)
    assert seen == [0, 1]
    await _nothing_left(channel, consumer)


async def test_the_last_retry_ends_in_the_dead_queue(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    recorder = Recorder(DependencyUnavailable("database"))
    consumer = await consume(recorder, max_retries=1)
    await publish(a_job())
    dead = await next_dead(channel)
    assert dead.headers[REASON_HEADER] == "retries_exhausted"
    assert [delivery.retries for delivery in recorder.deliveries] == [0, 1]
    await _nothing_left(channel, consumer)


async def test_a_crashing_handler_is_asked_again_until_the_delivery_limit(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    recorder = Recorder(ZeroDivisionError("a bug"))
    consumer = await consume(recorder)
    await publish(a_job())
    dead = await next_dead(channel)
    deaths = dead.headers["x-death"]
    assert isinstance(deaths, list)
    assert isinstance(deaths[0], dict)
    assert deaths[0]["reason"] == "delivery_limit"
    assert [delivery.redelivered for delivery in recorder.deliveries] == [False] + [True] * DELIVERY_LIMIT
    await _nothing_left(channel, consumer)


async def test_a_handler_that_invents_a_cancellation_counts_as_crashed(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    calls = 0

    async def handler(_: Delivery) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise asyncio.CancelledError

    async def came_back() -> bool:
        return calls == 2

    consumer = await consume(handler)
    await publish(a_job())
    await until(came_back)
    await _nothing_left(channel, consumer)


class _Unwanted(AppError):
    kind, code, title = Kind.CONFLICT, "unwanted", "Nobody wants this."


async def test_a_refused_message_is_not_repeated(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    recorder = Recorder(_Unwanted())
    consumer = await consume(recorder)
    await publish(a_job())
    assert (await next_dead(channel)).headers[REASON_HEADER] == "refused"
    assert len(recorder.deliveries) == 1
    await _nothing_left(channel, consumer)


async def test_no_more_handlers_than_slots_run_at_once(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]]
) -> None:
    running = most = done = 0

    async def handler(_: Delivery) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        done += 1

    async def all_done() -> bool:
        return done == 12

    await consume(handler, slots=3)
    await asyncio.gather(*(publish(a_job()) for _ in range(12)))
    await until(all_done)
    assert most == 3


async def test_a_crowd_in_one_queue_does_not_keep_another_queue_waiting(
    amqp: AmqpSettings, publish: Callable[[ExtractFile], Awaitable[None]]
) -> None:
    handled: list[str] = []

    async def handler(delivery: Delivery) -> None:
        assert isinstance(delivery.message, ExtractFile)
        await asyncio.sleep(0.02)
        handled.append(delivery.message.tenant)

    async def all_handled() -> bool:
        return len(handled) == 61

    crowd, few = "crowd", "few"
    assert EXTRACTION_FILES.of(crowd) != EXTRACTION_FILES.of(few)
    await asyncio.gather(*(publish(a_job().model_copy(update={"tenant": crowd})) for _ in range(60)))
    consumer = Consumer(impatient(amqp), EXTRACTION_FILES, handler, slots=2, name="test")
    await consumer.start()
    try:
        await until(lambda: _are_handled(handled, 10))
        await publish(a_job().model_copy(update={"tenant": few}))
        await until(all_handled)
    finally:
        await consumer.stop()
    assert handled.index(few) < 40


async def _are_handled(handled: list[str], count: int) -> bool:
    return len(handled) >= count


async def test_what_waits_too_long_for_its_turn_goes_where_there_is_room_and_keeps_its_history(
    amqp: AmqpSettings,
    channel: AbstractChannel,
    publish: Callable[[ExtractFile], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("libs.amqp.consumer._LONGEST_WAIT_SECONDS", 0.2)
    busy, may_end = asyncio.Event(), asyncio.Event()
    job = a_job()

    async def handler(_: Delivery) -> None:
        busy.set()
        await may_end.wait()

    full = Consumer(impatient(amqp), EXTRACTION_FILES, handler, slots=1, name="full")
    await full.start()
    try:
        await publish(a_job().model_copy(update={"tenant": "crowd"}))
        await busy.wait()
        await publish(job)
        message = await next_in(channel, FILES_QUEUE.name)
    finally:
        may_end.set()
        await full.stop()
    assert Envelope.decode(message.body).unwrap() == job
    assert (message.headers[RETRIES_HEADER], message.headers[AGAIN_HEADER]) == (0, 0)


async def test_a_delivery_that_waits_while_its_connection_is_lost_is_still_one_message(
    amqp: AmqpSettings, publish: Callable[[ExtractFile], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker puts it back; a copy of the old delivery, sent when its patience ends, would be a second one."""
    monkeypatch.setattr("libs.amqp.consumer._LONGEST_WAIT_SECONDS", 1)
    handled: list[object] = []
    busy, may_end = asyncio.Event(), asyncio.Event()
    job = a_job()

    async def handler(delivery: Delivery) -> None:
        busy.set()
        await may_end.wait()
        handled.append(delivery.message)

    async def waits() -> bool:
        return len(consumer._running) == 2

    async def has_come_again() -> bool:
        return job in handled

    consumer = Consumer(impatient(amqp), EXTRACTION_FILES, handler, slots=1, name="test")
    await consumer.start()
    try:
        await publish(a_job().model_copy(update={"tenant": "crowd"}))
        await busy.wait()
        await publish(job)
        await until(waits)
        consumer._link.session().end()
        await asyncio.sleep(1.5)
        may_end.set()
        await until(has_come_again)
        await asyncio.sleep(0.5)
    finally:
        may_end.set()
        await consumer.stop()
    assert handled.count(job) == 1


async def test_stopping_lets_a_running_handler_finish(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(_: Delivery) -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    consumer = await consume(handler, stop_grace=timedelta(hours=1))
    await publish(a_job())
    await begun.wait()
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(0)
    await publish(a_job())
    may_end.set()
    await stopping
    assert ended.is_set()
    assert await waiting(channel, FILES_QUEUE.name) <= 1


async def test_a_handler_that_outlasts_the_grace_is_cancelled_and_its_message_returned(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_: Delivery) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    consumer = await consume(handler, stop_grace=timedelta(milliseconds=50))
    await publish(a_job())
    await begun.wait()
    await consumer.stop()
    assert cancelled.is_set()

    async def returned() -> bool:
        return await waiting(channel, FILES_QUEUE.name) == 1

    await until(returned)


async def test_a_consumer_whose_queue_is_deleted_is_told_and_comes_back(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    """Its own check comes in an hour: the broker's cancellation must do."""
    recorder = Recorder()
    consumer = await consume(recorder, heartbeat=timedelta(hours=1))
    await channel.queue_delete(FILES_QUEUE.name)

    async def noticed() -> bool:
        return not await consumer.healthy()

    await until(noticed)
    await until(consumer.healthy)
    await publish(a_job())
    await until(lambda: recorder.handled(1))


async def test_a_consumer_the_broker_has_forgotten_is_missed_and_comes_back(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]]
) -> None:
    """Connected and deaf: cancelled behind its back, as no heartbeat and no event would show."""
    recorder = Recorder()
    consumer = await consume(recorder)
    forgotten = consumer._link.session()
    await (await forgotten.channel.get_underlay_channel()).basic_cancel(consumer._consumer_tags[FILES_QUEUE.name])
    assert not await consumer.healthy()
    await until(consumer.healthy)
    await publish(a_job())
    await until(lambda: recorder.handled(1))


async def test_a_lost_connection_does_not_double_the_handlers_at_work(
    consume: Consume, publish: Callable[[ExtractFile], Awaitable[None]], channel: AbstractChannel
) -> None:
    """The broker delivers the message again while its first handler still runs; it has to wait for the slot."""
    running = most = done = 0
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def handler(_: Delivery) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        begun.set()
        await may_end.wait()
        running -= 1
        done += 1

    async def delivered_again() -> bool:
        return len(consumer._running) == 2

    async def both_done() -> bool:
        return done == 2

    consumer = await consume(handler, slots=1)
    await publish(a_job())
    await begun.wait()
    consumer._link.session().end()
    await until(delivered_again)
    await until(consumer.healthy)
    may_end.set()
    await until(both_done)
    assert most == 1
    await _nothing_left(channel, consumer)


async def test_a_consumer_that_never_reached_the_broker_is_not_healthy(amqp: AmqpSettings) -> None:
    consumer = Consumer(amqp, [FILES_QUEUE], Recorder(), slots=1, name="test")
    assert not await consumer.healthy()
    await consumer.start()
    await consumer.stop()
    assert not await consumer.healthy()
