"""What tests of the extraction service share: uploads as the gateway makes them, and a look at what came of them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.messages import ExtractFile, Message
from libs.contracts.records import FileRecord, FileState
from libs.mongo.database import Database
from libs.objects.store import ObjectStore
from services.extraction.content import Limits
from services.extraction.context import Context, open_context
from services.extraction.run import Runner
from services.extraction.sandbox import Sandbox
from services.extraction.service import ExtractionService
from services.extraction.settings import SandboxSettings, Settings
from services.extraction.store import ExtractionStore
from tests.support.amqp import until

BAD_EXTRACTORS = ("tests.support.bad_extractors",)
ENDED = {"succeeded", "skipped", "failed"}


@dataclass
class Bench:
    """The service under test, its servers and what it told the world."""

    database: Database
    objects: ObjectStore
    publisher: Publisher
    settings: Settings
    told: list[Message] = field(default_factory=list)

    async def upload(self, content: bytes, name: str, **changes: Any) -> FileRecord:
        """Store a file as the gateway would, without a job."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        file_id = uuid4()
        stored = await self.objects.put(str(file_id), chunks(), content_type="application/octet-stream", metadata={})
        moment = now()
        file = FileRecord(
            id=file_id,
            app_id="app",
            agent_id="agent",
            owner="key:1",
            filename=name,
            declared_type="",
            media_type="",
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            state=FileState.STORED,
            created_at=moment,
            extract_requested_at=moment,
        ).model_copy(update=changes)
        await self.database["files"].insert_one(file.to_document())
        return file

    async def publish(self, file: FileRecord) -> None:
        """Ask for the file's extraction."""
        await self.publisher.publish(self.job(file), correlation_id="test")

    def job(self, file: FileRecord) -> ExtractFile:
        """Give the file's job."""
        return extraction_job(file)

    async def record(self, file_id: UUID) -> dict[str, Any] | None:
        """Read the run as it is stored."""
        return await self.database["extractions"].find_one({"_id": file_id})

    async def ended(self, file_id: UUID) -> dict[str, Any]:
        """Wait for a run's end and give its record."""
        return await self._in_status(file_id, ENDED)

    async def until_running(self, file_id: UUID) -> None:
        """Wait until somebody holds the file's lease."""
        await self._in_status(file_id, {"running"})

    async def _in_status(self, file_id: UUID, statuses: set[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}

        async def reached() -> bool:
            found.update(await self.record(file_id) or {})
            return found.get("status") in statuses

        await until(reached)
        return found

    async def until_told(self, kind: type[Message], file_id: UUID) -> list[Any]:
        """Wait for an event of a kind about a file and give all of them."""

        async def told() -> bool:
            return bool(self.events(kind, file_id))

        await until(told)
        return self.events(kind, file_id)

    async def pages(self, file_id: UUID) -> list[dict[str, Any]]:
        """Read a file's pages in their order."""
        return await self.database["pages"].find({"_id.file_id": file_id}).sort("_id.number", 1).to_list(None)

    def events(self, kind: type[Message], file_id: UUID) -> list[Any]:
        """Give the events of a kind about a file."""
        return [event for event in self.told if isinstance(event, kind) and getattr(event, "file_id", 0) == file_id]

    def service(self) -> AbstractAsyncContextManager[Context]:
        """Open another process's worth of the service."""
        return open_context(self.settings, extra_modules=BAD_EXTRACTORS)


@asynccontextmanager
async def service_with(
    bench: Bench,
    *,
    objects: ObjectStore | None = None,
    store: type[ExtractionStore] = ExtractionStore,
    publisher: Publisher | None = None,
    **run_settings: Any,
) -> AsyncIterator[ExtractionService]:
    """Give the service without its consumers, some of its parts or settings replaced."""
    sandbox = Sandbox(SandboxSettings(), slots=1, extra_modules=BAD_EXTRACTORS)
    records = store(bench.database, owner="test")
    run = bench.settings.run.model_copy(update={"download_timeout": timedelta(seconds=15), **run_settings})
    runner = Runner(records, objects or bench.objects, sandbox, run, Limits())
    yield ExtractionService(records, runner, publisher or bench.publisher, run)
    await sandbox.aclose()
