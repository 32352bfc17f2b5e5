"""Takes work from queues in turn, a bounded number of messages at a time, for as long as the process lives."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from aio_pika.abc import AbstractIncomingMessage

from libs.amqp.delivery import Handler
from libs.amqp.link import Link
from libs.amqp.outages import outages_translated
from libs.amqp.sender import Sender
from libs.amqp.session import Session
from libs.amqp.settings import AmqpSettings
from libs.amqp.settlement import Settlement
from libs.amqp.topology import WorkQueue
from libs.amqp.turns import Turns
from libs.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

_CANCEL_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 60.0
"""What waits longer than this for its turn goes back: another process may have room, and the broker's patience with an
unacknowledged message is to be kept for its handler."""


class Consumer:
    """One handler for one or more queues. What an outcome means stands in ``libs.amqp.settlement``.

    ``slots`` messages are handled at once. Several queues take turns, and where there are two slots or more, none of
    the queues gets all of them: the first message of another need not wait for the end of long work.

    A delivery is acknowledged when its handler has returned, and by nobody else. When the connection is lost, running
    handlers finish; their messages are delivered again, so a handler must not mind doing finished work a second time.
    A handler that takes longer than the broker's consumer timeout (30 min unless configured) loses its connection.
    """

    def __init__(
        self, settings: AmqpSettings, queues: Iterable[WorkQueue], handler: Handler, *, slots: int, name: str
    ) -> None:
        """``name`` is what the broker lists the connections by."""
        self._name = name
        self._grace = settings.stop_grace.total_seconds()
        self._sender = Sender(settings, f"{name} retries")
        self._settlements = {queue.name: Settlement(settings, queue, handler, self._sender) for queue in queues}
        self._link = Link(settings, f"{name} consumer", prepare=self._consume, check=self._look_for_consumers)
        self._per_queue = slots if len(self._settlements) == 1 else max(1, slots - 1)
        # After a reconnect the broker hands out a full prefetch again while old handlers still run.
        self._turns = Turns(slots, per_queue=self._per_queue)
        # Not the driver's tasks: it cancels those with the connection. The set keeps ours from being collected.
        self._running: set[asyncio.Task[None]] = set()
        self._consumer_tags: dict[str, str] = {}
        self._queued = 0
        self._stopping = False

    async def start(self) -> None:
        """Begin consuming; returns at once, whether or not the broker is there."""
        self._sender.start()
        self._link.start()

    async def stop(self) -> None:
        """Take nothing new, let handlers finish within the grace period, cancel the rest and return their messages."""
        self._stopping = True
        await self._cancel_consumers()
        self._turns.dismiss()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._link.stop()
        await self._sender.stop()

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless the broker knows a consumer of each queue and we are connected."""
        await self._link.ping()

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        return await self._link.healthy()

    def count_waiting(self) -> int:
        """Give the messages in the queues that no process had taken at the last look (once per heartbeat).

        What a process has taken, up to its prefetch in each queue, is not among them, whether it is handled yet or not.
        """
        return self._queued

    async def _consume(self, session: Session) -> None:
        if self._stopping:
            return
        await session.channel.set_qos(prefetch_count=self._per_queue)  # for each consumer, not for the channel
        (await session.channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(session.end)
        for name in self._settlements:
            queue = await session.channel.get_queue(name, ensure=False)
            self._consumer_tags[name] = await queue.consume(partial(self._take, session, name))

    async def _look_for_consumers(self, session: Session) -> None:
        async with session.probe() as channel:
            declared = [await channel.declare_queue(name, passive=True) for name in self._settlements]
        self._queued = sum(queue.declaration_result.message_count or 0 for queue in declared)
        lost = [queue.name for queue in declared if not queue.declaration_result.consumer_count]
        if lost and not self._stopping:
            _log.error("the broker knows no consumer", extra={"queues": lost})
            raise DependencyUnavailable("broker")

    async def _take(self, session: Session, queue: str, incoming: AbstractIncomingMessage) -> None:
        task = asyncio.create_task(self._work(session, queue, incoming), name=f"{queue} delivery")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, session: Session, queue: str, incoming: AbstractIncomingMessage) -> None:
        """Handle a delivery in its turn, unless its session ends first: the broker delivers it again then."""
        settlement = self._settlements[queue]
        if self._stopping:  # whoever was in line has been sent away: nobody joins it now
            await settlement.give_back(incoming)
            return
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._turns.take(queue, until=session.ended)
        except TimeoutError:
            if not session.ended.done():
                await settlement.put_back(incoming)
            return
        except asyncio.CancelledError:
            if not session.ended.done():
                await settlement.give_back(incoming)
            raise
        try:
            if session.ended.done():  # in the moment in which the turn came
                return
            if self._stopping:
                await settlement.give_back(incoming)
            else:
                await settlement.process(incoming)
        finally:
            self._turns.give(queue)

    async def _cancel_consumers(self) -> None:
        """Ask the broker for no more, within one limit of time for all queues."""
        try:
            session = self._link.session()
        except DependencyUnavailable:
            _log.info("consumer gone before it was cancelled", extra={"consumer": self._name})
            return
        async with asyncio.TaskGroup() as group:
            for name, tag in self._consumer_tags.items():
                group.create_task(self._cancel_consumer(session, name, tag))

    async def _cancel_consumer(self, session: Session, name: str, tag: str) -> None:
        try:
            with outages_translated():
                queue = await session.channel.get_queue(name, ensure=False)
                await queue.cancel(tag, timeout=_CANCEL_SECONDS)
        except DependencyUnavailable:
            _log.info("consumer not cancelled, its connection will be", extra={"consumer": self._name, "queue": name})
