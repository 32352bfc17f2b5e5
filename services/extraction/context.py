"""Everything extraction's process shares, built in one place and closed in reverse."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass

from libs.amqp.publisher import Publisher
from libs.mongo.database import Database, create_indexes, open_database
from libs.objects.store import ObjectStore
from libs.startup import Startup, prepared
from services.extraction.consumer import JobConsumer
from services.extraction.folders import remove_abandoned
from services.extraction.run import Runner
from services.extraction.sandbox import Sandbox
from services.extraction.service import ExtractionService
from services.extraction.settings import Settings
from services.extraction.store import ExtractionStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Context:
    """What the probes ask and what ends with the process."""

    database: Database
    objects: ObjectStore
    publisher: Publisher
    sandbox: Sandbox
    service: ExtractionService
    consumer: JobConsumer
    startup: Startup


@asynccontextmanager
async def open_context(settings: Settings, *, extra_modules: tuple[str, ...] = ()) -> AsyncIterator[Context]:
    """Build everything and begin to consume; waits for no server. ``extra_modules``: see ``Sandbox``."""
    await asyncio.to_thread(remove_abandoned, settings.run.tmp_base_folder)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.mongo))
        objects = await stack.enter_async_context(ObjectStore.open(settings.s3))
        publisher = await stack.enter_async_context(Publisher.open(settings.amqp, name="extraction"))
        capacity = settings.capacity()
        _log.info("capacity", extra=asdict(capacity))
        sandbox = Sandbox(settings.sandbox, slots=capacity.short + capacity.heavy, extra_modules=extra_modules)
        stack.push_async_callback(sandbox.aclose)
        store = ExtractionStore(database, owner=f"{socket.gethostname()}:{os.getpid()}")
        runner = Runner(store, objects, sandbox, settings.run, settings.limits.limits())
        service = ExtractionService(store, runner, publisher, settings.run)
        consumer = JobConsumer(settings.amqp, service, capacity)
        steps = {"indexes": lambda: create_indexes(database), "sandbox": sandbox.start}
        startup = await stack.enter_async_context(prepared(steps))
        await consumer.start()
        stack.push_async_callback(consumer.stop)
        yield Context(database, objects, publisher, sandbox, service, consumer, startup)
