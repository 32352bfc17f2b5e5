"""Takes jobs of both kinds: short documents and heavy ones have queues and slots of their own, tenants take turns.

A job is acknowledged when ``ExtractionService.extract`` has returned, that is when its result is stored and told.
"""

import asyncio

from libs.amqp.consumer import Consumer
from libs.amqp.delivery import Delivery
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import EXTRACTION_FILES, EXTRACTION_HEAVY
from libs.contracts.messages import ExtractFile
from services.extraction import metrics
from services.extraction.service import ExtractionService
from services.extraction.settings import Capacity


class JobConsumer:
    """Both consumers, started and stopped together."""

    def __init__(self, settings: AmqpSettings, service: ExtractionService, capacity: Capacity) -> None:
        self._service = service
        self._consumers = {
            "normal": Consumer(settings, EXTRACTION_FILES, self._handle, slots=capacity.short, name="extraction"),
            "heavy": Consumer(settings, EXTRACTION_HEAVY, self._handle, slots=capacity.heavy, name="extraction heavy"),
        }
        for kind, consumer in self._consumers.items():
            metrics.WAITING.labels(kind).set_function(consumer.count_waiting)

    async def start(self) -> None:
        """Begin consuming; returns at once."""
        for consumer in self._consumers.values():
            await consumer.start()

    async def stop(self) -> None:
        """Take nothing new; running jobs get the broker settings' grace, then are handed back."""
        async with asyncio.TaskGroup() as group:
            for consumer in self._consumers.values():
                group.create_task(consumer.stop())

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless the broker knows both consumers."""
        for consumer in self._consumers.values():
            await consumer.ping()

    async def _handle(self, delivery: Delivery) -> None:
        if not isinstance(delivery.message, ExtractFile):
            raise TypeError(f"{type(delivery.message).__name__} is no job of this service")
        await self._service.extract(
            delivery.message,
            correlation_id=delivery.correlation_id,
            again=delivery.redelivered or delivery.retries > 0,
        )
