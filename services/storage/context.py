"""Everything storage's process shares, built in one place and closed in reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from libs.amqp.consumer import Consumer
from libs.amqp.publisher import Publisher
from libs.amqp.topology import STORAGE_DELETIONS
from libs.links.tokens import LinkSigner
from libs.mongo.database import Database, create_indexes, open_database
from libs.objects.store import ObjectStore
from libs.startup import Startup, Step, prepared
from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.downloads import DownloadService
from services.storage.reconcile.rulebook import all_rules
from services.storage.settings import Settings
from services.storage.store import FileStore
from services.storage.sweeper import Sweeper


@dataclass(frozen=True)
class Context:
    """What handlers reach through ``request.app[CONTEXT]``."""

    settings: Settings
    database: Database
    objects: ObjectStore
    publisher: Publisher
    consumer: Consumer
    downloads: DownloadService
    deletions: DeletionService
    sweeper: Sweeper
    startup: Startup


CONTEXT = web.AppKey("context", Context)


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Build everything, begin to consume and to sweep; waits for no server."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.mongo))
        objects = await stack.enter_async_context(ObjectStore.open(settings.s3))
        publisher = await stack.enter_async_context(Publisher.open(settings.amqp, name="storage"))
        deletions = DeletionService(store=DeletionStore(database), objects=objects, publisher=publisher)
        rules = all_rules(database, objects, publisher, deletions, settings)
        context = Context(
            settings=settings,
            database=database,
            objects=objects,
            publisher=publisher,
            consumer=Consumer(
                settings.amqp,
                [STORAGE_DELETIONS],
                deletions.handle,
                slots=settings.deletions_at_once,
                name=STORAGE_DELETIONS.name,
            ),
            downloads=_downloads(database, objects, settings),
            deletions=deletions,
            sweeper=Sweeper(rules, settings.reconcile.reconcile_period),
            startup=await stack.enter_async_context(prepared(_steps(database, objects))),
        )
        for worker in (context.consumer, context.sweeper):
            await worker.start()
            stack.push_async_callback(worker.stop)
        yield context


def _downloads(database: Database, objects: ObjectStore, settings: Settings) -> DownloadService:
    return DownloadService(
        files=FileStore(database),
        objects=objects,
        signer=LinkSigner(settings.links),
        redirect_lifetime=settings.downloads.redirect_lifetime,
    )


def _steps(database: Database, objects: ObjectStore) -> dict[str, Step]:
    """Give what must be done once before the service is ready."""
    steps: dict[str, Step] = {"indexes": lambda: create_indexes(database), "bucket": objects.ensure_bucket}
    if objects.public:
        steps["object store self-test"] = objects.self_test
    return steps
