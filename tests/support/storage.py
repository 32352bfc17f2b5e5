"""A storage service's parts on real servers, and the traces of crashes that its tests need."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from aio_pika.abc import AbstractChannel
from aiohttp import web

from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.messages import ExtractFile
from libs.contracts.records import DeletionOrder, FileRecord, FileState
from libs.links.settings import LinkSettings
from libs.links.tokens import LinkSigner
from libs.mongo.database import Database, MongoSettings, create_indexes, open_database
from libs.objects.settings import S3Settings
from libs.objects.store import ObjectStore
from services.storage.app import internal_application, public_application
from services.storage.context import Context, open_context
from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.reconcile.rulebook import all_rules
from services.storage.reconcile.rules import Outcome
from services.storage.settings import DownloadSettings, ReconcileSettings, Settings
from services.storage.sweeper import RoundReport, Sweeper
from tests.support.amqp import empty_broker, take_jobs

LINK_KEYS = "test:" + "k" * 32
CONTENT = b"The quick brown fox jumps over the lazy dog.\n" * 20
LONG_AGO = timedelta(days=2)
SOON = timedelta(minutes=10)


def storage_settings(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings, **reconcile: object) -> Settings:
    """Make settings whose reconciler acts only when asked; its patience can be changed."""
    patience = ReconcileSettings(reconcile_period=timedelta(hours=1))
    return Settings(
        mongo=mongo,
        s3=s3,
        amqp=amqp,
        links=LinkSettings(link_keys=LINK_KEYS, public_link_url="http://127.0.0.1:1"),
        reconcile=patience.model_copy(update=reconcile),
        downloads=DownloadSettings(),
    )


@dataclass(frozen=True)
class Remains:
    """A database, a bucket and a broker, in which a test leaves what a crash would have left."""

    settings: Settings
    database: Database
    objects: ObjectStore
    publisher: Publisher
    channel: AbstractChannel

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Remains"]:
        """Start from nothing: earlier tests' records, objects and jobs are removed."""
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_database(settings.mongo))
            objects = await stack.enter_async_context(ObjectStore.open(settings.s3))
            publisher = await stack.enter_async_context(Publisher.open(settings.amqp))
            channel = await stack.enter_async_context(empty_broker(settings.amqp))
            await create_indexes(database)
            for name in await database.list_collection_names():
                await database[name].delete_many({})
            async for info in objects.list():
                await objects.delete(info.key)
            yield cls(settings, database, objects, publisher, channel)

    def deletions(self) -> DeletionService:
        """Build the service that carries out orders, as one replica has it."""
        return DeletionService(store=DeletionStore(self.database), objects=self.objects, publisher=self.publisher)

    def sweeper(self, **patience: object) -> Sweeper:
        """Build one replica's reconciler."""
        reconcile = self.settings.reconcile.model_copy(update=patience)
        settings = self.settings.model_copy(update={"reconcile": reconcile})
        rules = all_rules(self.database, self.objects, self.publisher, self.deletions(), settings)
        return Sweeper(rules, reconcile.reconcile_period)

    async def reconcile(self, **patience: object) -> dict[Outcome, int]:
        """Run one complete round, none of whose rules may fail; give what it did, without the zeros."""
        return happened(await self.sweeper(**patience).run_round(complete=True))

    async def file(self, **changes: Any) -> FileRecord:
        """Insert a stored file's record, settled unless ``changes`` say otherwise."""
        moment = now()
        fields: dict[str, Any] = {
            "id": uuid4(),
            "app_id": "demo",
            "agent_id": "assistant",
            "owner": "key:1",
            "filename": "fox.txt",
            "declared_type": "text/plain",
            "media_type": "text/plain",
            "size_bytes": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "state": FileState.STORED,
            "created_at": moment,
            "uploaded_at": moment,
            "link_expires_at": moment + timedelta(days=30),
            "extract_requested_at": moment,
        }
        record = FileRecord.model_validate({**fields, **changes})
        await self.database["files"].insert_one(record.to_document())
        return record

    async def stored(self, **changes: Any) -> FileRecord:
        """Insert a stored file's record and its object."""
        record = await self.file(**changes)
        await self.put(str(record.id))
        return record

    async def put(self, key: str, content: bytes = CONTENT, metadata: Mapping[str, str] | None = None) -> None:
        """Write an object."""
        await self.objects.put(key, in_chunks(content), content_type="text/plain", metadata=metadata or {})

    async def find(self, file_id: UUID) -> FileRecord | None:
        """Read a file's record."""
        document = await self.database["files"].find_one({"_id": file_id})
        return None if document is None else FileRecord.from_document(document)

    async def text(self, file_id: UUID, *, pages: int = 3, **extraction: Any) -> None:
        """Insert an ended extraction and its pages."""
        ended = {"_id": file_id, "sha256": "0" * 64, "requested_at": now(), "status": "succeeded", "lease": None}
        await self.database["extractions"].insert_one({**ended, **extraction})
        numbered = [{"_id": {"file_id": file_id, "number": number}, "text": "x"} for number in range(1, pages + 1)]
        if numbered:
            await self.database["pages"].insert_many(numbered)

    async def jobs(self) -> list[ExtractFile]:
        """Take every job that waits."""
        return await take_jobs(self.channel)

    async def count(self, collection: str) -> int:
        """Count a collection's documents."""
        return await self.database[collection].count_documents({})

    async def keys(self) -> list[str]:
        """List the bucket."""
        return [info.key async for info in self.objects.list()]


async def in_chunks(content: bytes) -> AsyncIterator[bytes]:
    """Give content as an upload arrives."""
    for start in range(0, len(content), 1 << 20):
        yield content[start : start + (1 << 20)]


def an_order(kind: str = "file", **changes: Any) -> DeletionOrder:
    """Make an order that was given a moment ago by a user."""
    order = DeletionOrder(id=uuid4(), kind=kind, requested_by="key:1", requested_at=now())
    return order.model_copy(update=changes)


def condemned(order: DeletionOrder) -> dict[str, Any]:
    """Give the fields of a file under this order."""
    return {"state": FileState.DELETING, "deletion": order}


def happened(report: RoundReport) -> dict[Outcome, int]:
    """Give what a round did, which must have gone well."""
    assert report.failed == []
    return {outcome: number for outcome, number in report.counts.items() if number}


@dataclass(frozen=True)
class Running:
    """A storage service listening on two ports."""

    context: Context
    http: aiohttp.ClientSession
    public: str
    internal: str

    def link(self, file: FileRecord, **changes: Any) -> str:
        """Make the download link the gateway would hand out, for the port this service happens to have."""
        claims = {"expires_at": file.link_expires_at, "epoch": file.link_epoch, **changes}
        return f"{self.public}/d/{LinkSigner(self.context.settings.links).sign(file.id, **claims)}"


@asynccontextmanager
async def running_storage(settings: Settings) -> AsyncIterator[Running]:
    """Run the whole service in this process."""
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(open_context(settings))
        public = await _serve(stack, public_application(context))
        internal = await _serve(stack, internal_application(context))
        http = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        yield Running(context, http, public, internal)


async def _serve(stack: AsyncExitStack, app: web.Application) -> str:
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
