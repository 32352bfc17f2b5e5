"""A message as a handler gets it, and what the headers of ours say."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aio_pika.abc import AbstractIncomingMessage

from libs.amqp.envelope import Envelope
from libs.contracts.messages import Message

RETRIES_HEADER = "x-satchel-retries"
"""How many delayed retries this message has been through."""

AGAIN_HEADER = "x-satchel-again"
"""Set on a copy of a delivery that was a redelivery: the broker forgets that with the original."""

RETURNS_HEADER = "x-satchel-returns"
"""Set on a copy: how often its originals went back to the queue, which the broker forgets with each of them."""

REASON_HEADER = "x-satchel-reason"
"""Why we dead-lettered a message: a ``BadMessage`` reason, ``retries_exhausted``, ``refused`` or
``delivery_limit`` (where the broker does so itself, its own ``x-death`` says it)."""

QUEUE_HEADER = "x-satchel-queue"
"""Which queue a dead letter came from."""

_DELIVERY_COUNT_HEADER = "x-delivery-count"
"""Set by the broker on what comes from a quorum queue again."""


@dataclass(frozen=True)
class Delivery:
    """One delivery. The same message may be delivered again at any time, ``redelivered`` or not."""

    message: Message
    correlation_id: str
    redelivered: bool
    retries: int


Handler = Callable[[Delivery], Awaitable[None]]


def read_delivery(incoming: AbstractIncomingMessage) -> Delivery:
    """Open the envelope; raises ``BadMessage``."""
    envelope = Envelope.decode(incoming.body)
    return Delivery(
        message=envelope.unwrap(),
        correlation_id=envelope.correlation_id,
        redelivered=delivered_before(incoming),
        retries=retries_of(incoming),
    )


def delivered_before(incoming: AbstractIncomingMessage) -> bool:
    """Whether somebody may have handled this message already."""
    return bool(incoming.redelivered or incoming.headers.get(AGAIN_HEADER))


def retries_of(incoming: AbstractIncomingMessage) -> int:
    """Give the number of delayed retries; whatever is no such number counts as none."""
    return _count_in(incoming, RETRIES_HEADER)


def returns_of(incoming: AbstractIncomingMessage) -> int:
    """Give how often this message and the originals of its copies went back to the queue, as brokers count that."""
    return _count_in(incoming, RETURNS_HEADER) + _count_in(incoming, _DELIVERY_COUNT_HEADER)


def _count_in(incoming: AbstractIncomingMessage, header: str) -> int:
    count = incoming.headers.get(header, 0)
    return max(0, count) if isinstance(count, int) else 0
