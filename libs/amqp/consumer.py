"""Takes work from one queue, a bounded number of messages at a time, for as long as the process lives."""

import asyncio
import logging

from aio_pika.abc import AbstractIncomingMessage

from libs.amqp.delivery import Handler
from libs.amqp.link import Link
from libs.amqp.outages import outages_translated
from libs.amqp.sender import Sender
from libs.amqp.session import Session
from libs.amqp.settings import AmqpSettings
from libs.amqp.settlement import Settlement
from libs.amqp.topology import WorkQueue
from libs.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

_CANCEL_SECONDS = 2.0


class Consumer:
    """One queue, one handler, ``prefetch`` messages at once. What an outcome means stands in ``libs.amqp.settlement``.

    A delivery is acknowledged when its handler has returned, and by nobody else. When the connection is lost, running
    handlers finish; their messages are delivered again, so a handler must not mind doing finished work a second time.
    A handler that takes longer than the broker's consumer timeout (30 min unless configured) loses its connection.
    """

    def __init__(self, settings: AmqpSettings, queue: WorkQueue, handler: Handler, *, prefetch: int) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._grace = settings.stop_grace.total_seconds()
        self._sender = Sender(settings, f"{queue.name} retries")
        self._settlement = Settlement(settings, queue, handler, self._sender)
        self._link = Link(settings, f"{queue.name} consumer", prepare=self._consume, check=self._look_for_consumer)
        # After a reconnect the broker hands out a full prefetch again while old handlers still run.
        self._slots = asyncio.Semaphore(prefetch)
        # Not the driver's tasks: it cancels those with the connection. The set keeps ours from being collected.
        self._running: set[asyncio.Task[None]] = set()
        self._consumer_tag: str | None = None
        self._stopping = False

    async def start(self) -> None:
        """Begin consuming; returns at once, whether or not the broker is there."""
        self._sender.start()
        self._link.start()

    async def stop(self) -> None:
        """Take nothing new, let handlers finish within the grace period, cancel the rest and return their messages."""
        self._stopping = True
        await self._cancel_consumer()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._link.stop()
        await self._sender.stop()

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless the broker knows a consumer of this queue and we are connected."""
        await self._link.ping()

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        return await self._link.healthy()

    async def _consume(self, session: Session) -> None:
        if self._stopping:
            return
        await session.channel.set_qos(prefetch_count=self._prefetch)
        (await session.channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(session.end)
        queue = await session.channel.get_queue(self._queue.name, ensure=False)
        self._consumer_tag = await queue.consume(self._take)

    async def _look_for_consumer(self, session: Session) -> None:
        async with session.probe() as channel:
            queue = await channel.declare_queue(self._queue.name, passive=True)
        if not self._stopping and not queue.declaration_result.consumer_count:
            _log.error("the broker knows no consumer", extra={"queue": self._queue.name})
            raise DependencyUnavailable("broker")

    async def _take(self, incoming: AbstractIncomingMessage) -> None:
        task = asyncio.create_task(self._work(incoming), name=f"{self._queue.name} delivery")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, incoming: AbstractIncomingMessage) -> None:
        async with self._slots:
            if self._stopping:
                await self._settlement.give_back(incoming)
            else:
                await self._settlement.process(incoming)

    async def _cancel_consumer(self) -> None:
        try:
            session = self._link.session()
            if self._consumer_tag is None:
                return
            queue = await session.channel.get_queue(self._queue.name, ensure=False)
            with outages_translated():
                await queue.cancel(self._consumer_tag, timeout=_CANCEL_SECONDS)
        except DependencyUnavailable:
            _log.info("consumer gone before it was cancelled", extra={"queue": self._queue.name})
