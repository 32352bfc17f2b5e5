"""Every exchange, queue, argument and binding, as data; each process declares all of it when it connects.

Names end in a version: a queue cannot be redeclared with other arguments (the broker answers PRECONDITION_FAILED), so
changed arguments mean a new name, and the old queue is unbound and drained by hand. All queues are quorum queues:
durable, replicated where there is a cluster, and the only kind with a delivery limit on RabbitMQ 3.10 and 4.x alike.

Dead-lettering is at-least-once, which the broker grants only together with ``reject-publish``: a message on its way
to a retry or to the dead queue survives a crash of the broker.

Work that many tenants ask for is spread over *lanes*: queues of the same kind, of which a tenant's jobs always take the
same one. Whoever consumes them serves them in turn (``libs.amqp.turns``), so a thousand jobs of one tenant delay those
of the few others in its lane, and nobody else's.

Retry queues are shared by all work queues of an exchange and declared last. A node killed within a second after a queue
was created for the first time can lose that queue's leader for good (measured on 3.10.8; like rabbitmq-server#15725):
nothing published to it is confirmed until it is deleted by hand and declared again. Only the newest queue is at risk,
so it is one that nothing waits for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from pamqp.common import Arguments

JOBS = "satchel.jobs"
COMMANDS = "satchel.commands"
EVENTS = "satchel.events"
DEAD = "satchel.dead"

DELIVERY_LIMIT = 5
"""Returns to the queue before a message is dead-lettered, so six deliveries; counted by the broker."""

RETRY_DELAYS: tuple[timedelta, ...] = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30))
"""One queue per delay: with mixed delays in one queue a short one would wait behind a long one."""

_AT_LEAST_ONCE: Mapping[str, str | int] = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}


@dataclass(frozen=True)
class RetryQueue:
    """Holds messages for ``delay``, then hands them back to the exchange and with the key they first came by.

    They come through an exchange of its own that passes every key on, because the key has to outlast the stay.
    """

    returns_to: str
    delay: timedelta

    @property
    def exchange(self) -> str:
        """Name the exchange to publish to."""
        return f"{self.returns_to}.retry.{int(self.delay.total_seconds())}s"

    @property
    def name(self) -> str:
        """Name the queue itself."""
        return f"{self.exchange}.v1"


@dataclass(frozen=True)
class WorkQueue:
    """A queue of jobs or commands, and where it is bound."""

    name: str
    exchange: str
    routing_key: str

    def retry(self, delay: timedelta) -> RetryQueue:
        """Give the queue that holds a message for the shortest delay not below ``delay``, or the longest there is."""
        chosen = next((known for known in RETRY_DELAYS if known >= delay), RETRY_DELAYS[-1])
        return RetryQueue(self.exchange, chosen)


@dataclass(frozen=True)
class Lanes:
    """Queues for the same work, over which tenants are spread."""

    queues: tuple[WorkQueue, ...]

    @classmethod
    def named(cls, name: str, exchange: str) -> "Lanes":
        """Make ``LANES`` queues."""
        return cls(tuple(WorkQueue(f"{name}.{lane}.v1", exchange, f"{name}.{lane}") for lane in range(LANES)))

    def __iter__(self) -> Iterator[WorkQueue]:
        return iter(self.queues)

    def of(self, tenant: str) -> WorkQueue:
        """Give the queue that all work of this tenant takes, the same in every process."""
        return self.queues[crc32(tenant.encode()) % len(self.queues)]


LANES = 32
"""Two tenants share a lane with a chance of 1 in 32. Every process declares all of them: 36 ms at 32, 77 ms at 64."""

EXTRACTION_FILES = Lanes.named("extraction.files", JOBS)
EXTRACTION_HEAVY = Lanes.named("extraction.heavy", JOBS)
STORAGE_DELETIONS = WorkQueue("storage.deletions.v1", COMMANDS, "storage.deletions")
WORK_QUEUES = (*EXTRACTION_FILES, *EXTRACTION_HEAVY, STORAGE_DELETIONS)
RETRY_QUEUES = tuple(RetryQueue(exchange, delay) for exchange in (JOBS, COMMANDS) for delay in RETRY_DELAYS)

EXCHANGES: Mapping[str, ExchangeType] = {
    JOBS: ExchangeType.DIRECT,
    COMMANDS: ExchangeType.DIRECT,
    EVENTS: ExchangeType.TOPIC,
    DEAD: ExchangeType.FANOUT,
    **{queue.exchange: ExchangeType.FANOUT for queue in RETRY_QUEUES},
}

DEAD_QUEUE = "satchel.dead.v1"


@dataclass(frozen=True)
class DeclaredQueue:
    """A durable quorum queue: its own arguments and its binding as (exchange, routing key)."""

    name: str
    arguments: Mapping[str, str | int]
    binding: tuple[str, str]


def _work(queue: WorkQueue) -> DeclaredQueue:
    arguments: dict[str, str | int] = {
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        **_AT_LEAST_ONCE,
    }
    return DeclaredQueue(queue.name, arguments, (queue.exchange, queue.routing_key))


def _retry(queue: RetryQueue) -> DeclaredQueue:
    """Without a dead-letter key of the queue's own, messages keep theirs."""
    arguments: dict[str, str | int] = {
        "x-message-ttl": int(queue.delay.total_seconds() * 1000),
        "x-dead-letter-exchange": queue.returns_to,
        **_AT_LEAST_ONCE,
    }
    return DeclaredQueue(queue.name, arguments, (queue.exchange, ""))


QUEUES: tuple[DeclaredQueue, ...] = (
    DeclaredQueue(
        DEAD_QUEUE,
        {"x-max-length": 10_000, "x-max-length-bytes": 64 * 1024 * 1024, "x-overflow": "drop-head"},
        (DEAD, ""),
    ),
    *map(_work, WORK_QUEUES),
    *map(_retry, RETRY_QUEUES),
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
        exchange, routing_key = queue.binding
        await declared.bind(exchange, routing_key)
