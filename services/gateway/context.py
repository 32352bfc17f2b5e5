"""Everything the gateway's process shares, built in one place and closed in reverse."""

from dataclasses import dataclass

from aiohttp import web

from libs.amqp.publisher import Publisher
from libs.links.tokens import LinkSigner
from libs.mongo.database import Database
from libs.objects.store import ObjectStore
from libs.startup import Startup
from services.gateway.agents.service import AgentService
from services.gateway.auth.guard import Guard
from services.gateway.auth.service import ApiKeyService
from services.gateway.chat.conversations import ConversationService
from services.gateway.chat.service import TurnService
from services.gateway.deletions.service import DeletionService
from services.gateway.events.waiters import Waiters
from services.gateway.files.service import FileService
from services.gateway.files.upload import UploadService
from services.gateway.idempotency.service import IdempotencyService
from services.gateway.limits.service import LimitService
from services.gateway.settings import Settings
from services.gateway.usage.service import UsageService


@dataclass(frozen=True)
class Context:
    """What handlers reach through ``request.app[CONTEXT]``."""

    settings: Settings
    database: Database
    objects: ObjectStore
    publisher: Publisher
    waiters: Waiters
    links: LinkSigner
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
