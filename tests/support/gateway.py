"""A gateway in this process, on real servers, for tests that look at what it leaves in them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import SecretStr

from libs.amqp.settings import AmqpSettings
from libs.contracts.records import FileRecord, FileState
from libs.links.settings import LinkSettings
from libs.mongo.database import Database, MongoSettings
from libs.objects.settings import S3Settings
from libs.startup import NotPrepared
from services.gateway.app import public_application
from services.gateway.auth.models import DEFAULT_SCOPES
from services.gateway.context import Context, open_context
from services.gateway.settings import LimitSettings, ModelSettings, Settings
from tests.support.api import Api

APP, AGENT, OTHER_AGENT = "demo", "assistant", "archivist"
LINK_KEYS = SecretStr("test:" + "k" * 32)
SMALL_BYTES = 100_000
_PATIENCE_SECONDS = 30
_AGENTS = f"""
apps:
  - id: {APP}
    name: Tests
    agents:
      - {{id: {AGENT}, name: Assistant, system_prompt: Answer.}}
      - {{id: {OTHER_AGENT}, name: Archivist, system_prompt: Answer.}}
"""


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
    """Serve the whole public API on a free port; leave when everything that start-up prepares is there."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "agents.yaml").write_text(_AGENTS, encoding="utf-8")
        settings = settings.model_copy(update={"agents_file": folder / "agents.yaml"})
        context = await stack.enter_async_context(open_context(settings))
        runner = web.AppRunner(public_application(context), shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await _prepared(context)
        yield Gateway(context, f"http://127.0.0.1:{runner.addresses[0][1]}")


async def _prepared(context: Context) -> None:
    while True:
        try:
            return await context.startup.check()
        except NotPrepared:
            await asyncio.sleep(0.02)
