"""A gateway in this process, on real servers, for tests that look at what it leaves in them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from aiohttp import web
from pydantic import SecretStr

from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.contracts.records import FileRecord, FileState
from libs.links.settings import LinkSettings
from libs.links.tokens import LinkSigner
from libs.mongo.database import Database, MongoSettings, create_indexes, open_database
from libs.objects.settings import S3Settings
from libs.objects.store import ObjectStore
from libs.startup import Startup
from libs.web.server import public_app
from services.gateway.agents.models import Agent
from services.gateway.agents.service import AgentService
from services.gateway.agents.store import AgentStore
from services.gateway.auth.guard import Guard
from services.gateway.auth.models import DEFAULT_SCOPES
from services.gateway.auth.service import ApiKeyService
from services.gateway.auth.store import ApiKeyStore
from services.gateway.chat.conversations import ConversationService
from services.gateway.chat.message_store import MessageStore
from services.gateway.chat.service import TurnService
from services.gateway.chat.store import ConversationStore
from services.gateway.context import CONTEXT, Context
from services.gateway.deletions.service import DeletionService
from services.gateway.deletions.store import DeletionStore
from services.gateway.events.listener import EventListener
from services.gateway.events.waiters import Waiters
from services.gateway.files.dispatch import Dispatcher
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.routes import ROUTES as FILE_ROUTES
from services.gateway.files.service import FileService
from services.gateway.files.store import FileStore
from services.gateway.files.upload import UploadService
from services.gateway.idempotency.service import IdempotencyService
from services.gateway.idempotency.store import IdempotencyStore
from services.gateway.limits.handlers import ROUTES as LIMIT_ROUTES
from services.gateway.limits.rate import RateLimiter, add_rate_headers
from services.gateway.limits.service import LimitService
from services.gateway.settings import LimitSettings, ModelSettings, Settings
from services.gateway.usage.handlers import ROUTES as USAGE_ROUTES
from services.gateway.usage.service import UsageService
from services.gateway.usage.store import UsageStore
from tests.support.api import Api

APP, AGENT, OTHER_AGENT = "demo", "assistant", "archivist"
LINK_KEYS = SecretStr("test:" + "k" * 32)
SMALL_BYTES = 100_000


def gateway_settings(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings, **changes: Any) -> Settings:
    """Make settings for tests; names of ``LimitSettings`` among ``changes`` change the limits."""
    limits = {name: changes.pop(name) for name in list(changes) if name in LimitSettings.model_fields}
    return Settings(
        mongo=mongo,
        s3=s3,
        amqp=amqp,
        links=LinkSettings(link_keys=LINK_KEYS, public_link_url="http://127.0.0.1:1"),
        limits=LimitSettings(**{"max_upload_size": SMALL_BYTES, **limits}),
        model=ModelSettings(),
        default_wait=timedelta(0),
    ).model_copy(update=changes)


@dataclass(frozen=True)
class Gateway:
    """A running gateway, seen from inside and outside."""

    context: Context
    base_url: str

    @asynccontextmanager
    async def caller(self, agent: str = AGENT) -> AsyncIterator[Api]:
        """Give a caller with a key of its own, so that tests never see each other's files."""
        _, key = await self.context.keys.create(APP, "test", scopes=DEFAULT_SCOPES)
        async with Api.open(self.base_url, APP, agent, key) as api:
            yield api

    @property
    def database(self) -> Database:
        """What the gateway writes."""
        return self.context.database

    async def record(self, file_id: str) -> FileRecord:
        """Read a file's record."""
        document = await self.database["files"].find_one({"_id": UUID(file_id)})
        assert document is not None
        return FileRecord.from_document(document)

    async def store_extraction(self, file_id: str, *texts: str, **fields: Any) -> None:
        """Write what extraction writes when it ends: pages, then the result for the file's latest request."""
        file = await self.record(file_id)
        pages = [
            {"_id": {"file_id": file.id, "number": number}, "label": None, "text": text, "char_count": len(text)}
            for number, text in enumerate(texts, 1)
        ]
        if pages:
            await self.database["pages"].insert_many(pages)
        result = {
            "sha256": file.sha256,
            "requested_at": file.extract_requested_at,
            "status": "succeeded",
            "page_count": len(texts),
            "char_count": sum(map(len, texts)),
            "token_count": len(" ".join(texts).split()),
            "preview": "\n".join(texts)[:500],
            **fields,
        }
        await self.database["extractions"].replace_one({"_id": file.id}, result, upsert=True)

    async def leftovers(self) -> list[FileRecord]:
        """Return the records that no deletion covers and that are not stored: what a failed upload must not leave."""
        cursor = self.database["files"].find({"state": FileState.RECEIVING})
        return [FileRecord.from_document(document) async for document in cursor]


@asynccontextmanager
async def running_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Serve the file, limit and usage operations on a free port."""
    async with AsyncExitStack() as stack:
        context = await _open_context(stack, settings)
        await create_indexes(context.database)
        for agent in (AGENT, OTHER_AGENT):
            declared = Agent(
                key=Agent.key_of(APP, agent), app_id=APP, id=agent, name=agent, type="agent", system_prompt="Answer."
            )
            await AgentStore(context.database).put(declared)
        app = public_app(max_body_bytes=1 << 20)
        app[CONTEXT] = context
        routes = (*FILE_ROUTES, *LIMIT_ROUTES, *USAGE_ROUTES)
        app.add_routes([web.route(route.method, route.path, context.guard.protect(route)) for route in routes])
        app.on_response_prepare.append(add_rate_headers)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Gateway(context, f"http://127.0.0.1:{runner.addresses[0][1]}")


async def _open_context(stack: AsyncExitStack, settings: Settings) -> Context:
    database = await stack.enter_async_context(open_database(settings.mongo))
    objects = await stack.enter_async_context(ObjectStore.open(settings.s3))
    publisher = await stack.enter_async_context(Publisher.open(settings.amqp))
    waiters, links = Waiters(), LinkSigner(settings.links)
    listener = EventListener(settings.amqp, [waiters])
    await listener.start()
    stack.push_async_callback(listener.stop)
    keys, agents = ApiKeyService(ApiKeyStore(database)), AgentService(AgentStore(database))
    files, extractions = FileStore(database), ExtractionReader(database)
    deletions = DeletionService(DeletionStore(database), publisher, waiters)
    conversations = ConversationService(ConversationStore(database), MessageStore(database), deletions)
    return Context(
        settings=settings,
        database=database,
        objects=objects,
        publisher=publisher,
        waiters=waiters,
        links=links,
        startup=Startup({}),
        guard=Guard(keys, agents, RateLimiter(settings.limits, database)),
        keys=keys,
        agents=agents,
        uploads=UploadService(
            files=files,
            extractions=extractions,
            objects=objects,
            publisher=publisher,
            deletions=deletions,
            waiters=waiters,
            settings=settings,
        ),
        files=FileService(
            files=files,
            extractions=extractions,
            dispatcher=Dispatcher(files, publisher),
            links=links,
            conversation_exists=conversations.get,
        ),
        deletions=deletions,
        limits=LimitService(settings),
        usage=UsageService(UsageStore(database), files, settings.limits),
        idempotency=IdempotencyService(IdempotencyStore(database)),
        conversations=conversations,
        turns=cast("TurnService", None),  # no turn is run here
    )
