"""Publishes the contract's messages; where each goes stands in ``libs.amqp.routes``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

from libs.amqp.envelope import Envelope
from libs.amqp.routes import EVENT_KEYS, work_queue
from libs.amqp.sender import Outgoing, Sender
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import EVENTS
from libs.contracts.messages import Message


class Publisher:
    """Shared by a whole process; many tasks publish at once on one channel."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: AmqpSettings, *, name: str = "publisher") -> AsyncIterator[Self]:
        """Connect in the background; does not wait for the broker. ``name`` is what the broker lists."""
        sender = Sender(settings, name)
        sender.start()
        try:
            yield cls(sender)
        finally:
            await sender.stop()

    async def publish(self, message: Message, *, correlation_id: str, retry_after: timedelta | None = None) -> None:
        """Return once the broker confirmed; raise ``DependencyUnavailable("broker")`` otherwise, within 2 s.

        Jobs and commands are persistent and mandatory. ``retry_after`` holds one back for the shortest of the delays
        the topology knows (1, 5, 30 s) that is not below it; ``ValueError`` for an event, which cannot be held back.
        """
        body = Envelope.wrap(message, correlation_id=correlation_id).encode()
        await self._sender.send(_outgoing(message, body, retry_after))

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` when the broker does not answer."""
        await self._sender.ping()

    async def healthy(self) -> bool:
        """Whether the broker answers and everything published to is declared."""
        return await self._sender.healthy()


def _outgoing(message: Message, body: bytes, retry_after: timedelta | None) -> Outgoing:
    name = type(message).__name__
    queue = work_queue(message)
    if queue is not None:
        exchange = queue.retry(retry_after).exchange if retry_after is not None else queue.exchange
        return Outgoing(body, name, exchange, queue.routing_key)
    if retry_after is not None:
        raise ValueError(f"{name} cannot be held back")
    return Outgoing(body, name, EVENTS, EVENT_KEYS[type(message)], mandatory=False, persistent=False)
