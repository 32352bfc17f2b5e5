"""Publishes the contract's messages; where each goes stands in ``libs.amqp.routes``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

from libs.amqp.envelope import Envelope
from libs.amqp.routes import EVENT_KEYS, HEAVY_WORK, WORK
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

    async def publish(
        self, message: Message, *, correlation_id: str, retry_after: timedelta | None = None, heavy: bool = False
    ) -> None:
        """Return once the broker confirmed; raise ``DependencyUnavailable("broker")`` otherwise, within 2 s.

        Jobs and commands are persistent and mandatory. ``retry_after`` holds one back for the shortest of the delays
        the topology knows (1, 5, 30 s) that is not below it; ``heavy`` sends a job to the queue of long ones. Both
        raise ``ValueError`` for a message that cannot be held back or has no such queue.
        """
        body = Envelope.wrap(message, correlation_id=correlation_id).encode()
        await self._sender.send(_outgoing(message, body, retry_after, heavy=heavy))

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` when the broker does not answer."""
        await self._sender.ping()

    async def healthy(self) -> bool:
        """Whether the broker answers and everything published to is declared."""
        return await self._sender.healthy()


def _outgoing(message: Message, body: bytes, retry_after: timedelta | None, *, heavy: bool) -> Outgoing:
    kind = type(message)
    if kind in EVENT_KEYS and retry_after is None and not heavy:
        return Outgoing(body, kind.__name__, EVENTS, EVENT_KEYS[kind], mandatory=False, persistent=False)
    queue = (HEAVY_WORK if heavy else WORK).get(kind)
    if queue is None:
        raise ValueError(f"{kind.__name__} cannot be published with retry_after={retry_after}, heavy={heavy}")
    if retry_after is not None:
        return Outgoing(body, kind.__name__, "", queue.retry_queue(retry_after))
    return Outgoing(body, kind.__name__, queue.exchange, queue.routing_key)
