"""Runs a handler over one delivery and settles it: this table alone decides what an outcome means to the broker.

=========================================  ===========================================================
the handler…                               the delivery is…
=========================================  ===========================================================
returns                                    acknowledged
raises an outage (``RETRIED``, database)   copied to a retry queue, then acknowledged; dead after the last
raises another ``AppError``                dead-lettered as ``refused``: repeating would end the same
raises anything else                       logged and returned; dead after the broker's delivery limit
is cancelled because the process stops     returned, uncounted where the broker can
never runs, the message is unreadable      dead-lettered with the reason
never runs, it was returned too often      dead-lettered as ``delivery_limit``, if the broker has not done so
=========================================  ===========================================================

A delivery is acknowledged after the handler returned, that is after its result is stored, and never before. Whoever
dies in between has the message delivered again, so handlers are idempotent; a lost acknowledgement costs nothing else.

A dead letter is for people to look at. No work is lost with it: the records in the database say what is still owed,
and the reconciler of ``storage`` asks for it again.
"""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta

from aio_pika.abc import AbstractIncomingMessage

from libs.amqp.delivery import (
    AGAIN_HEADER,
    QUEUE_HEADER,
    REASON_HEADER,
    RETRIES_HEADER,
    RETURNS_HEADER,
    Delivery,
    Handler,
    delivered_before,
    read_delivery,
    retries_of,
    returns_of,
)
from libs.amqp.envelope import MAX_BODY_BYTES, BadMessage
from libs.amqp.outages import cancellations, outages_translated
from libs.amqp.sender import Outgoing, Sender
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import DEAD, DELIVERY_LIMIT, RETRY_DELAYS, WorkQueue
from libs.errors import AppError, DependencyUnavailable, Kind
from libs.logs import REQUEST_ID
from libs.mongo.database import OUTAGES

_log = logging.getLogger(__name__)

RETRIED = frozenset({Kind.UNAVAILABLE, Kind.UPSTREAM_FAILED, Kind.UPSTREAM_TIMEOUT, Kind.RATE_LIMITED})
"""Kinds of error that time may heal."""


class Settlement:
    """Knows one queue's handler and how to answer the broker for it."""

    def __init__(self, settings: AmqpSettings, queue: WorkQueue, handler: Handler, sender: Sender) -> None:
        """``sender`` has a connection of its own: the broker may block publishing, never acknowledging."""
        self._max_retries = settings.max_retries
        self._timeout = settings.publish_timeout.total_seconds()
        self._queue = queue
        self._handler = handler
        self._sender = sender

    async def process(self, incoming: AbstractIncomingMessage) -> None:
        """Handle one delivery to its end; raises nothing but ``CancelledError``."""
        try:
            delivery = read_delivery(incoming)
        except BadMessage as error:
            _log.warning("unreadable message", extra={"queue": self._queue.name, "reason": str(error)})
            await self._bury(incoming, error.reason)
            return
        if returns_of(incoming) > DELIVERY_LIMIT:
            _log.error("returned too often", extra=self._about(delivery))
            await self._bury(incoming, "delivery_limit")
            return
        REQUEST_ID.set(delivery.correlation_id)
        try:
            await self._handle(incoming, delivery)
        except asyncio.CancelledError:
            if cancellations():
                await self.give_back(incoming)
                raise
            _log.exception("handler ended by a cancellation that nobody asked for", extra=self._about(delivery))
            await self._settle(incoming.reject(requeue=True))

    async def give_back(self, incoming: AbstractIncomingMessage) -> None:
        """Return a delivery that is nobody's fault; RabbitMQ 4.3 does not count a nack towards the limit."""
        await self._settle(incoming.nack(requeue=True))

    async def put_back(self, incoming: AbstractIncomingMessage) -> None:
        """Return a delivery to the end of its queue, for whichever process has room.

        A copy, because RabbitMQ before 4.3 counts a nack towards the limit. The broker counts its returns from zero
        again, so the copy carries those of the original, and ``process`` keeps to the limit for both together.
        """
        headers: dict[str, str | int] = {
            RETRIES_HEADER: retries_of(incoming),
            AGAIN_HEADER: int(delivered_before(incoming)),
            RETURNS_HEADER: returns_of(incoming),
        }
        try:
            await self._sender.send(self._copy(incoming, self._queue.exchange, headers))
        except DependencyUnavailable:
            await self.give_back(incoming)
        else:
            await self._settle(incoming.ack())

    def _copy(self, incoming: AbstractIncomingMessage, exchange: str, headers: dict[str, str | int]) -> Outgoing:
        return Outgoing(incoming.body, incoming.type or "", exchange, self._queue.routing_key, headers=headers)

    async def _handle(self, incoming: AbstractIncomingMessage, delivery: Delivery) -> None:
        try:
            await self._handler(delivery)
        except OUTAGES as error:
            await self._retry(incoming, delivery, error)
        except AppError as error:
            if error.kind in RETRIED:
                await self._retry(incoming, delivery, error)
            else:
                _log.exception("message refused", extra=self._about(delivery))
                await self._bury(incoming, "refused")
        except Exception:  # noqa: BLE001 - the consumer outlives its handler; the traceback is logged
            _log.exception("handler failed", extra=self._about(delivery))
            # A reject, not a nack: RabbitMQ 4.3 counts only the former towards the delivery limit.
            await self._settle(incoming.reject(requeue=True))
        else:
            await self._settle(incoming.ack())

    async def _retry(self, incoming: AbstractIncomingMessage, delivery: Delivery, error: Exception) -> None:
        """Wait in a retry queue, not here: an outage must not hold every slot of the consumer."""
        retries = delivery.retries + 1
        about = {**self._about(delivery), "retry": retries, "cause": repr(error)}
        if retries > self._max_retries:
            _log.error("retries exhausted", extra=about)
            await self._bury(incoming, "retries_exhausted")
            return
        _log.warning("retry later", extra=about)
        copy = self._copy(incoming, self._queue.retry(_pause(retries)).exchange, {RETRIES_HEADER: retries})
        try:
            await self._sender.send(copy)
        except DependencyUnavailable:
            _log.warning("retry queue out of reach, message returned", extra=about)
            await self._settle(incoming.reject(requeue=True))
        else:
            await self._settle(incoming.ack())

    async def _bury(self, incoming: AbstractIncomingMessage, reason: str) -> None:
        """Put the message, or as much of it as we would ever read, into the dead queue with the reason beside it."""
        outgoing = Outgoing(
            incoming.body[:MAX_BODY_BYTES],
            type=(incoming.type or "")[:64],
            exchange=DEAD,
            routing_key=self._queue.routing_key,
            headers={REASON_HEADER: reason, QUEUE_HEADER: self._queue.name},
        )
        try:
            await self._sender.send(outgoing)
        except DependencyUnavailable:
            # The broker's own dead-lettering takes the same road, without our header.
            await self._settle(incoming.reject(requeue=False))
        else:
            await self._settle(incoming.ack())

    async def _settle(self, answer: Awaitable[None]) -> None:
        """Tell the broker; if the connection is gone, it delivers again and the handler finds its work done."""
        try:
            with outages_translated():
                async with asyncio.timeout(self._timeout):
                    await answer
        except DependencyUnavailable as error:
            _log.info(
                "delivery not settled, it will come again",
                extra={"queue": self._queue.name, "cause": repr(error.__cause__)},
            )

    def _about(self, delivery: Delivery) -> dict[str, object]:
        return {"queue": self._queue.name, "type": type(delivery.message).__name__, "retries": delivery.retries}


def _pause(retries: int) -> timedelta:
    """Back off: the n-th retry waits the n-th delay, and the last one ever after."""
    return RETRY_DELAYS[min(retries, len(RETRY_DELAYS)) - 1]
