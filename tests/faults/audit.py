"""Looks behind the API: whether records, objects, pages and messages still belong together after a crash."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import aiohttp
from pydantic import SecretStr

from libs.contracts.records import ExtractionRecord, FileRecord, FileState
from libs.errors import DependencyUnavailable
from libs.mongo.database import OUTAGES, Database, MongoSettings, open_database
from libs.objects.settings import S3Settings
from libs.objects.store import ObjectStore
from tests.support.stack import Stack

_POLL_SECONDS = 0.3
_OUTAGES: tuple[type[Exception], ...] = (*OUTAGES, DependencyUnavailable)
_IN_TIME = 'satchel_event_loop_stall_seconds_bucket{le="0.1"}'


@dataclass(frozen=True)
class Inventory:
    """Everything there is, read at one time."""

    files: dict[UUID, FileRecord]
    extractions: dict[UUID, ExtractionRecord]
    pages: dict[UUID, list[int]]
    objects: set[str]
    unfinished_uploads: list[str]

    def disorder(self) -> Iterator[str]:
        """Name whatever is not at rest or belongs to nothing."""
        for file in self.files.values():
            yield from self._disorder_of(file)
        yield from (f"object without record: {key}" for key in self.objects - set(map(str, self.files)))
        yield from (f"unfinished S3 upload: {key}" for key in self.unfinished_uploads)
        yield from (f"extraction without file: {key}" for key in self.extractions.keys() - self.files.keys())
        yield from (f"pages without file: {key}" for key in self.pages.keys() - self.files.keys())

    def about(self, file_id: UUID) -> str:
        """Show all that is known of a file."""
        has_object = str(file_id) in self.objects
        return (
            f"file {self.files.get(file_id)!r}\n    extraction {self.extractions.get(file_id)!r}\n"
            f"    pages {self.pages.get(file_id)}, object {'there' if has_object else 'missing'}"
        )

    def _disorder_of(self, file: FileRecord) -> Iterator[str]:
        extraction = self.extractions.get(file.id)
        if file.state is not FileState.STORED:
            yield f"{file.state.value}: {self.about(file.id)}"
            return
        if str(file.id) not in self.objects:
            yield f"object missing: {self.about(file.id)}"
        if file.outbox is not None or file.dispatched_at is not None:
            yield f"job unsettled: {self.about(file.id)}"
        if file.extract_requested_at is not None and not (
            extraction and extraction.status.ended and extraction.requested_at >= file.extract_requested_at
        ):
            yield f"not extracted: {self.about(file.id)}"
        elif extraction and extraction.error is None and self.pages.get(file.id, []) != _expected(extraction):
            yield f"pages wrong: {self.about(file.id)}"


def _expected(extraction: ExtractionRecord) -> list[int]:
    return list(range(1, (extraction.page_count or 0) + 1))


class Audit:
    """Reads the database and the bucket directly, and has storage run rounds of its reconciler."""

    def __init__(self, stack: Stack, database: Database, objects: ObjectStore, http: aiohttp.ClientSession) -> None:
        self.database = database
        self.objects = objects
        self._http = http
        self._stack = stack

    @classmethod
    @asynccontextmanager
    async def open(cls, stack: Stack) -> AsyncIterator[Self]:
        """Connect to the stack's own servers."""
        env = stack.env
        s3 = S3Settings(
            endpoint=env["S3_ENDPOINT"],
            access_key=env["S3_ACCESS_KEY"],
            secret_key=SecretStr(env["S3_SECRET_KEY"]),
            bucket=env["S3_BUCKET"],
        )
        mongo = MongoSettings(url=SecretStr(env["MONGO_URL"]))
        async with open_database(mongo) as database, ObjectStore.open(s3) as objects, aiohttp.ClientSession() as http:
            yield cls(stack, database, objects, http)

    async def inventory(self) -> Inventory:
        """Read everything."""
        files = [FileRecord.from_document(found) async for found in self.database["files"].find()]
        extractions = [ExtractionRecord.from_document(found) async for found in self.database["extractions"].find()]
        pages: dict[UUID, list[int]] = {}
        async for found in self.database["pages"].find({}, {"_id": 1}):
            pages.setdefault(found["_id"]["file_id"], []).append(found["_id"]["number"])
        return Inventory(
            files={file.id: file for file in files},
            extractions={extraction.id: extraction for extraction in extractions},
            pages={file_id: sorted(numbers) for file_id, numbers in pages.items()},
            objects={found.key async for found in self.objects.list()},
            unfinished_uploads=[upload.key async for upload in self.objects.list_uploads()],
        )

    async def reconcile(self) -> dict[str, Any]:
        """Have storage run a complete round."""
        async with self._http.post(f"{self._stack.internal_urls['storage']}/reconcile") as answer:
            assert answer.status == 200, await answer.text()
            report: dict[str, Any] = await answer.json()
            return report

    async def settled(self, *, seconds: float = 30) -> float:
        """Wait until nothing is out of order; return how long that took, fail with what still is."""
        began = time.monotonic()
        disorder = ["nothing could be read"]
        while disorder:
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not in order after {seconds} s:\n" + "\n".join(disorder))
            try:
                await self.reconcile()
                disorder = list((await self.inventory()).disorder())
            except _OUTAGES as error:
                disorder = [repr(error)]
            if disorder:
                await asyncio.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    async def about(self, file_ids: Collection[UUID]) -> str:
        """Show all that is known of some files, for a failure's message."""
        inventory = await self.inventory()
        return "\n".join(map(inventory.about, file_ids))

    async def loop_stalls(self, service: str) -> tuple[int, float]:
        """How many ticks of a service's event loop came more than 100 ms late, and the worst lateness in seconds."""
        values = await self.metrics(service)
        late = values["satchel_event_loop_stall_seconds_count"] - values[_IN_TIME]
        return int(late), values["satchel_event_loop_max_stall_seconds"]

    async def metrics(self, service: str) -> dict[str, float]:
        """Read a service's metrics, as of one moment; labels are part of the names."""
        async with self._http.get(f"{self._stack.internal_urls[service]}/metrics") as answer:
            lines = [line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}
