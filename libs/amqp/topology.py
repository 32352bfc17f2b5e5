"""Every exchange, queue, argument and binding, as data; each process declares all of it when it connects.

Names end in a version: a queue cannot be redeclared with other arguments (the broker answers PRECONDITION_FAILED), so
changed arguments mean a new name, and the old queue is unbound and drained by hand. All queues are quorum queues:
durable, replicated where there is a cluster, and the only kind with a delivery limit on RabbitMQ 3.10 and 4.x alike.

Dead-lettering is at-least-once, which the broker grants only together with ``reject-publish``: a message on its way
to a retry or to the dead queue survives a crash of the broker.

Retry queues are declared last. A node killed within a second after a queue was created for the first time can lose
that queue's leader for good (measured on 3.10.8; like rabbitmq-server#15725): nothing published to it is confirmed
until it is deleted by hand and declared again. Only the newest queue is at risk, so it is one that nothing waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from pamqp.common import Arguments

JOBS = "satchel.jobs"
COMMANDS = "satchel.commands"
EVENTS = "satchel.events"
DEAD = "satchel.dead"

EXCHANGES: Mapping[str, ExchangeType] = {
    JOBS: ExchangeType.DIRECT,
    COMMANDS: ExchangeType.DIRECT,
    EVENTS: ExchangeType.TOPIC,
    DEAD: ExchangeType.FANOUT,
}

DELIVERY_LIMIT = 5
"""Returns to the queue before a message is dead-lettered, so six deliveries; counted by the broker."""

RETRY_DELAYS: tuple[timedelta, ...] = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30))
"""One queue per delay: with mixed delays in one queue a short one would wait behind a long one."""

_AT_LEAST_ONCE: Mapping[str, str | int] = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}


@dataclass(frozen=True)
class WorkQueue:
    """A queue of jobs or commands, and where it is bound."""

    name: str
    exchange: str
    routing_key: str

    def retry_queue(self, delay: timedelta) -> str:
        """Name the queue that holds a message for the shortest delay not below ``delay``, or the longest there is."""
        chosen = next((known for known in RETRY_DELAYS if known >= delay), RETRY_DELAYS[-1])
        stem, version = self.name.rsplit(".", 1)
        return f"{stem}.retry.{int(chosen.total_seconds())}s.{version}"


EXTRACTION_FILES = WorkQueue("extraction.files.v1", JOBS, "extraction.files")
EXTRACTION_HEAVY = WorkQueue("extraction.heavy.v1", JOBS, "extraction.heavy")
STORAGE_DELETIONS = WorkQueue("storage.deletions.v1", COMMANDS, "storage.deletions")
WORK_QUEUES = (EXTRACTION_FILES, EXTRACTION_HEAVY, STORAGE_DELETIONS)

DEAD_QUEUE = "satchel.dead.v1"


@dataclass(frozen=True)
class DeclaredQueue:
    """A durable quorum queue: its own arguments and its binding as (exchange, routing key)."""

    name: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    binding: tuple[str, str] | None = None


def _work(queue: WorkQueue) -> DeclaredQueue:
    arguments: dict[str, str | int] = {
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        **_AT_LEAST_ONCE,
    }
    return DeclaredQueue(queue.name, arguments, (queue.exchange, queue.routing_key))


def _retry(queue: WorkQueue, delay: timedelta) -> DeclaredQueue:
    """Hold messages for ``delay``, then hand them back to the exchange and key they first came by."""
    arguments: dict[str, str | int] = {
        "x-message-ttl": int(delay.total_seconds() * 1000),
        "x-dead-letter-exchange": queue.exchange,
        "x-dead-letter-routing-key": queue.routing_key,
        **_AT_LEAST_ONCE,
    }
    return DeclaredQueue(queue.retry_queue(delay), arguments)


QUEUES: tuple[DeclaredQueue, ...] = (
    DeclaredQueue(
        DEAD_QUEUE,
        {"x-max-length": 10_000, "x-max-length-bytes": 64 * 1024 * 1024, "x-overflow": "drop-head"},
        (DEAD, ""),
    ),
    *(_work(queue) for queue in WORK_QUEUES),
    *(_retry(queue, delay) for queue in WORK_QUEUES for delay in RETRY_DELAYS),
)


async def declare(channel: AbstractChannel) -> None:
    """Create whatever is missing; changes nothing that exists.

    Raises ``ChannelPreconditionFailed`` when a name exists with other arguments; the channel is closed then.
    """
    for name, kind in EXCHANGES.items():
        await channel.declare_exchange(name, kind, durable=True)
    for queue in QUEUES:
        arguments: Arguments = {"x-queue-type": "quorum", **queue.arguments}
        declared = await channel.declare_queue(queue.name, durable=True, arguments=arguments)
        if queue.binding is not None:
            exchange, routing_key = queue.binding
            await declared.bind(exchange, routing_key)
