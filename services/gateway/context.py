"""Everything the gateway's process shares, built in one place and closed in reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from libs.amqp.publisher import Publisher
from libs.links.tokens import LinkSigner
from libs.mongo.database import Database, create_indexes, open_database
from libs.objects.store import ObjectStore
from libs.startup import Startup, Step, prepared
from services.gateway.agents.service import AgentService
from services.gateway.agents.store import AgentStore
from services.gateway.auth.guard import Guard
from services.gateway.auth.service import ApiKeyService
from services.gateway.auth.store import ApiKeyStore
from services.gateway.chat.briefing import Briefer
from services.gateway.chat.conversations import ConversationService
from services.gateway.chat.message_store import MessageStore
from services.gateway.chat.model import ModelClient
from services.gateway.chat.retrieval import Retriever
from services.gateway.chat.service import TurnService
from services.gateway.chat.sources import Sources
from services.gateway.chat.store import ConversationStore
from services.gateway.deletions.service import DeletionService
from services.gateway.deletions.store import DeletionStore
from services.gateway.events.listener import EventListener
from services.gateway.events.waiters import Waiters
from services.gateway.files.dispatch import Dispatcher
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.service import FileService
from services.gateway.files.store import FileStore
from services.gateway.files.upload import UploadService
from services.gateway.idempotency.service import IdempotencyService
from services.gateway.idempotency.store import IdempotencyStore
from services.gateway.limits.rate import RateLimiter
from services.gateway.limits.service import LimitService
from services.gateway.settings import Settings
from services.gateway.usage.service import UsageService
from services.gateway.usage.store import UsageStore


@dataclass(frozen=True)
class Context:
    """What handlers reach through ``request.app[CONTEXT]``."""

    settings: Settings
    database: Database
    objects: ObjectStore
    publisher: Publisher
    startup: Startup
    guard: Guard
    keys: ApiKeyService
    agents: AgentService
    uploads: UploadService
    files: FileService
    deletions: DeletionService
    limits: LimitService
    usage: UsageService
    idempotency: IdempotencyService
    conversations: ConversationService
    turns: TurnService


CONTEXT = web.AppKey("context", Context)


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Build everything and begin to listen for events; waits for no server."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.mongo))
        objects = await stack.enter_async_context(ObjectStore.open(settings.s3))
        publisher = await stack.enter_async_context(Publisher.open(settings.amqp, name="gateway"))
        model = await stack.enter_async_context(ModelClient.open(settings.model))
        waiters = Waiters()
        listener = EventListener(settings.amqp, [waiters])
        await listener.start()
        stack.push_async_callback(listener.stop)
        agents = AgentService(AgentStore(database))
        startup = await stack.enter_async_context(prepared(_steps(database, objects, agents, settings)))
        context = _wire(
            settings,
            database=database,
            objects=objects,
            publisher=publisher,
            model=model,
            waiters=waiters,
            agents=agents,
            startup=startup,
        )
        stack.push_async_callback(context.uploads.stop)
        yield context


def _steps(database: Database, objects: ObjectStore, agents: AgentService, settings: Settings) -> dict[str, Step]:
    """Give what must be done once before the gateway is ready."""
    return {
        "indexes": lambda: create_indexes(database),
        "bucket": objects.ensure_bucket,
        "agents": lambda: agents.declare(settings.agents_file),
    }


def _wire(
    settings: Settings,
    *,
    database: Database,
    objects: ObjectStore,
    publisher: Publisher,
    model: ModelClient,
    waiters: Waiters,
    agents: AgentService,
    startup: Startup,
) -> Context:
    """Join services to their stores and to each other; everything with a lifetime is already open."""
    keys, links = ApiKeyService(ApiKeyStore(database)), LinkSigner(settings.links)
    files, extractions, messages = FileStore(database), ExtractionReader(database), MessageStore(database)
    deletions = DeletionService(DeletionStore(database), publisher, waiters)
    conversations = ConversationService(ConversationStore(database), messages, deletions)
    usage = UsageService(UsageStore(database), files, settings.limits)
    uploads = UploadService(
        files=files,
        extractions=extractions,
        objects=objects,
        publisher=publisher,
        deletions=deletions,
        waiters=waiters,
        require_conversation=conversations.require,
        settings=settings,
    )
    return Context(
        settings=settings,
        database=database,
        objects=objects,
        publisher=publisher,
        startup=startup,
        guard=Guard(keys, agents, RateLimiter(settings.limits, database)),
        keys=keys,
        agents=agents,
        uploads=uploads,
        files=FileService(
            files=files,
            extractions=extractions,
            dispatcher=Dispatcher(files, publisher),
            links=links,
            conversation_exists=conversations.get,
        ),
        deletions=deletions,
        limits=LimitService(settings),
        usage=usage,
        idempotency=IdempotencyService(IdempotencyStore(database)),
        conversations=conversations,
        turns=TurnService(
            conversations=conversations,
            messages=messages,
            sources=Sources(files, extractions, uploads),
            uploads=uploads,
            briefer=Briefer(Retriever(extractions), settings.limits, settings.model),
            model=model,
            usage=usage,
        ),
    )
