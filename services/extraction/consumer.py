"""Takes jobs from both queues: the normal one with the full concurrency, the heavy one a document at a time.

A job is acknowledged when ``ExtractionService.extract`` has returned, that is when its result is stored and told.
"""

import asyncio

from libs.amqp.consumer import Consumer
from libs.amqp.delivery import Delivery
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import EXTRACTION_FILES, EXTRACTION_HEAVY
from libs.contracts.messages import ExtractFile
from services.extraction.service import ExtractionService

HEAVY_CONCURRENCY = 1


class JobConsumer:
    """Both consumers, started and stopped together."""

    def __init__(self, settings: AmqpSettings, service: ExtractionService, *, concurrency: int) -> None:
        self._service = service
        self._consumers = (
            Consumer(settings, EXTRACTION_FILES, self._normal, prefetch=concurrency),
            Consumer(settings, EXTRACTION_HEAVY, self._heavy, prefetch=HEAVY_CONCURRENCY),
        )

    async def start(self) -> None:
        """Begin consuming; returns at once."""
        for consumer in self._consumers:
            await consumer.start()

    async def stop(self) -> None:
        """Take nothing new; running jobs get the broker settings' grace, then are handed back."""
        async with asyncio.TaskGroup() as group:
            for consumer in self._consumers:
                group.create_task(consumer.stop())

    async def ping(self) -> None:
        """Raise ``DependencyUnavailable`` unless the broker knows both consumers."""
        for consumer in self._consumers:
            await consumer.ping()

    async def _normal(self, delivery: Delivery) -> None:
        await self._handle(delivery, heavy=False)

    async def _heavy(self, delivery: Delivery) -> None:
        await self._handle(delivery, heavy=True)

    async def _handle(self, delivery: Delivery, *, heavy: bool) -> None:
        if not isinstance(delivery.message, ExtractFile):
            raise TypeError(f"{type(delivery.message).__name__} is no job of this service")
        await self._service.extract(
            delivery.message,
            correlation_id=delivery.correlation_id,
            heavy=heavy,
            again=delivery.redelivered or delivery.retries > 0,
        )
