"""Hands bytes to the broker and believes nothing but its confirmation."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from aio_pika import DeliveryMode
from aio_pika import Message as AmqpMessage

from libs.amqp.link import Link
from libs.amqp.outages import outages_translated
from libs.amqp.session import Session
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import declare


@dataclass(frozen=True)
class Outgoing:
    """One body on its way; ``mandatory``: an error if no queue takes it; ``exchange`` "": the key names a queue."""

    body: bytes
    type: str
    exchange: str
    routing_key: str
    mandatory: bool = True
    persistent: bool = True
    headers: Mapping[str, str | int] = field(default_factory=dict)


class Sender:
    """A confirming channel that any number of tasks may use at once."""

    def __init__(self, settings: AmqpSettings, name: str) -> None:
        self._timeout = settings.publish_timeout.total_seconds()
        self._link = Link(settings, name, prepare=_nothing, check=_declare_again)

    def start(self) -> None:
        """Begin connecting in the background."""
        self._link.start()

    async def stop(self) -> None:
        """Close the connection; whoever still waits for a confirmation gets ``DependencyUnavailable``."""
        await self._link.stop()

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` when nothing can be sent now."""
        await self._link.ping()

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        return await self._link.healthy()

    async def send(self, outgoing: Outgoing) -> None:
        """Return once the broker has taken responsibility; raise ``DependencyUnavailable`` in every other case.

        At once when disconnected, else within the publish timeout. A message that timed out may still arrive: its
        reader must not mind seeing it twice.
        """
        channel = self._link.session().channel
        with outages_translated():
            async with asyncio.timeout(self._timeout):
                exchange = await channel.get_exchange(outgoing.exchange, ensure=False)
                await exchange.publish(_amqp_message(outgoing), outgoing.routing_key, mandatory=outgoing.mandatory)


def _amqp_message(outgoing: Outgoing) -> AmqpMessage:
    """Give every attempt its own ``message_id``.

    The driver matches returned messages to waiting publishers by it; sharing one confirms the wrong publisher.
    """
    return AmqpMessage(
        outgoing.body,
        message_id=uuid4().hex,
        type=outgoing.type,
        content_type="application/json",
        delivery_mode=DeliveryMode.PERSISTENT if outgoing.persistent else DeliveryMode.NOT_PERSISTENT,
        headers=dict(outgoing.headers),
    )


async def _nothing(_session: Session) -> None:
    """Leave it at that: a confirming channel on a declared topology is all a sender needs."""


async def _declare_again(session: Session) -> None:
    """Restore what an operator deleted, so that publishing works again without a restart of ours."""
    async with session.probe() as channel:
        await declare(channel)
