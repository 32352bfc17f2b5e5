"""Follows events: every process gets its own copy of each, and none while it is away."""

import asyncio
import logging
from collections.abc import Iterable
from uuid import uuid4

from aio_pika.abc import AbstractIncomingMessage

from libs.amqp.delivery import Handler, read_delivery
from libs.amqp.envelope import BadMessage
from libs.amqp.link import Link
from libs.amqp.outages import outages_translated
from libs.amqp.session import Session
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import EVENTS
from libs.errors import DependencyUnavailable
from libs.logs import REQUEST_ID

_log = logging.getLogger(__name__)

_MAX_WAITING_EVENTS = 10_000
"""What the broker keeps for a process that does not read; beyond it the oldest go."""


class EventSubscriber:
    """One exclusive, auto-deleted queue per connection, handled in order, one event at a time.

    Events are hints: those published while nobody was connected are lost, so whoever waits for one also looks into
    the database now and then. An event is acknowledged when the handler returned or failed; none is delivered again.
    """

    def __init__(self, settings: AmqpSettings, handler: Handler, routing_keys: Iterable[str]) -> None:
        """``routing_keys`` are topic patterns: ``file.*``, ``files.deleted``, ``#``."""
        self._handler = handler
        self._routing_keys = tuple(routing_keys)
        self._prefetch = settings.event_prefetch
        self._link = Link(settings, "events", prepare=self._subscribe, check=self._look_for_queue)
        self._queue_name = ""
        self._in_order = asyncio.Lock()

    async def start(self) -> None:
        """Begin following; returns at once, whether or not the broker is there."""
        self._link.start()

    async def stop(self) -> None:
        """Close the connection, and with it the queue."""
        await self._link.stop()

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless events reach us."""
        await self._link.ping()

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        return await self._link.healthy()

    async def _subscribe(self, session: Session) -> None:
        # A new name each time: the broker may still hold the last one for a connection it has not missed yet.
        self._queue_name = f"{EVENTS}.{uuid4().hex}"
        await session.channel.set_qos(prefetch_count=self._prefetch)
        queue = await session.channel.declare_queue(
            self._queue_name, exclusive=True, auto_delete=True, arguments={"x-max-length": _MAX_WAITING_EVENTS}
        )
        for routing_key in self._routing_keys:
            await queue.bind(EVENTS, routing_key)
        (await session.channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(session.end)
        await queue.consume(self._take)

    async def _look_for_queue(self, session: Session) -> None:
        async with session.probe() as channel:
            await channel.declare_queue(self._queue_name, passive=True)

    async def _take(self, incoming: AbstractIncomingMessage) -> None:
        async with self._in_order:
            await self._handle(incoming)
            try:
                with outages_translated():
                    await incoming.ack()
            except DependencyUnavailable:
                _log.info("event handled after the connection was lost")

    async def _handle(self, incoming: AbstractIncomingMessage) -> None:
        try:
            delivery = read_delivery(incoming)
            REQUEST_ID.set(delivery.correlation_id)
            await self._handler(delivery)
        except BadMessage as error:
            _log.warning("unreadable event", extra={"reason": str(error)})
        except Exception:  # noqa: BLE001 - the subscriber outlives its handler; the traceback is logged
            _log.exception("event handler failed")
