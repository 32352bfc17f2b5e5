"""The whole gateway in this process, on real servers, with a model of the test's choice; extraction played by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from libs.amqp.settings import AmqpSettings
from libs.links.settings import LinkSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from libs.tokens import estimate_tokens
from services.gateway.app import public_application
from services.gateway.auth.models import DEFAULT_SCOPES
from services.gateway.context import Context, open_context
from services.gateway.settings import LimitSettings, ModelSettings, Settings
from tests.support.api import Answer, Api

APP, AGENT, FORGETFUL = "demo", "assistant", "goldfish"
AGENTS = f"""
apps:
  - id: {APP}
    name: Demo
    agents:
      - {{id: {AGENT}, name: Assistant, system_prompt: Answer from the documents.}}
      - {{id: {FORGETFUL}, name: Goldfish, system_prompt: Answer., memory: false, limits: {{document_tokens: 300}}}}
"""


@dataclass(frozen=True)
class Chat:
    """A caller of the chat with a key of its own, and the database behind it."""

    api: Api
    context: Context

    async def attach(self, name: str, *pages: str, **fields: str) -> str:
        """Attach a file that turns out to have these pages, and give its id."""
        answer = await self.api.attach(name, "\f".join(pages).encode() or b"-", wait=0, **fields)
        assert answer.status == 200, answer
        file_id: str = answer.body["file_id"]
        await self.extracted(file_id, *pages)
        return file_id

    async def extracted(self, file_id: str, *pages: str, **fields: Any) -> None:
        """Write what extraction writes when it ends."""
        database, key = self.context.database, UUID(file_id)
        file = await database["files"].find_one({"_id": key})
        assert file is not None
        documents = [
            {"_id": {"file_id": key, "number": number}, "text": text, "char_count": len(text)}
            for number, text in enumerate(pages, 1)
        ]
        if documents:
            await database["pages"].insert_many(documents)
        result = {
            "sha256": file["sha256"],
            "requested_at": file["extract_requested_at"],
            "status": "succeeded",
            "page_count": len(pages),
            "char_count": sum(map(len, pages)),
            "token_count": sum(map(estimate_tokens, pages)),
            **fields,
        }
        await database["extractions"].replace_one({"_id": key}, result, upsert=True)

    async def ask(self, message: str, **fields: Any) -> Any:
        """Ask and give the answer's body, which must be one."""
        answer = await self.api.request("POST", f"{self.api.chat}/call?wait=0", json={"message": message, **fields})
        assert answer.status == 200, answer
        return answer.body

    async def send(self, message: str, *files: tuple[str, bytes], **fields: str) -> Answer:
        """Ask with files in one multipart request."""
        form = aiohttp.FormData({"message": message, **fields})
        for name, content in files:
            form.add_field("files", content, filename=name)
        return await self.api.request("POST", f"{self.api.chat}/call-with-files?wait=0", data=form)


@dataclass(frozen=True)
class ChatServer:
    """A running gateway."""

    context: Context
    base_url: str

    @asynccontextmanager
    async def caller(self, agent: str = AGENT) -> AsyncIterator[Chat]:
        """Give a caller with a fresh key."""
        _, key = await self.context.keys.create(APP, "test", scopes=DEFAULT_SCOPES)
        async with Api.open(self.base_url, APP, agent, key) as api:
            yield Chat(api, self.context)


def written_agents(folder: Path) -> Path:
    """Write the agents most tests talk to."""
    agents_file = folder / "agents.yaml"
    agents_file.write_text(AGENTS)
    return agents_file


@asynccontextmanager
async def serving_chat(
    agents_file: Path,
    mongo: MongoSettings,
    s3: S3Settings,
    amqp: AmqpSettings,
    model: ModelSettings,
    *,
    limits: LimitSettings | None = None,
) -> AsyncIterator[ChatServer]:
    """Serve the whole public API on a free port."""
    settings = Settings(
        mongo=mongo,
        s3=s3,
        amqp=amqp,
        links=LinkSettings(link_keys=SecretStr("test:" + "k" * 32), public_link_url="http://127.0.0.1:1"),
        limits=limits or LimitSettings(),
        model=model,
        default_wait=timedelta(0),
    ).model_copy(update={"agents_file": agents_file})
    async with open_context(settings) as context:
        runner = web.AppRunner(public_application(context), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            await context.startup.run()
            yield ChatServer(context, f"http://127.0.0.1:{runner.addresses[0][1]}")
        finally:
            await runner.cleanup()
