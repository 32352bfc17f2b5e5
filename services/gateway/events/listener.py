"""Receives every file event on every replica and hands it to whoever in this process cares."""

from collections.abc import Sequence
from typing import Protocol

from libs.amqp.delivery import Delivery
from libs.amqp.routes import EVENT_KEYS
from libs.amqp.settings import AmqpSettings
from libs.amqp.subscriber import EventSubscriber
from libs.contracts.messages import Message


class EventSink(Protocol):
    """Takes events as they come, in order. Returns at once: what takes time belongs into a bounded queue of its own."""

    def receive(self, message: Message) -> None:
        """Take one event."""


class EventListener:
    """Feeds ``FileProgress``, ``FileProcessed``, ``FileFailed`` and ``FilesDeleted`` to each sink."""

    def __init__(self, settings: AmqpSettings, sinks: Sequence[EventSink]) -> None:
        self._sinks = tuple(sinks)
        self._subscriber = EventSubscriber(settings, self._deliver, EVENT_KEYS.values())

    async def start(self) -> None:
        """Begin listening; returns at once, whether or not the broker is there."""
        await self._subscriber.start()

    async def stop(self) -> None:
        """Stop listening; whoever still waits runs into its timeout."""
        await self._subscriber.stop()

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless events reach this replica."""
        await self._subscriber.ping()

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        return await self._subscriber.healthy()

    async def _deliver(self, delivery: Delivery) -> None:
        for sink in self._sinks:
            sink.receive(delivery.message)
