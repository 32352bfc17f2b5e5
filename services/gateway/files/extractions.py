"""What extraction wrote, read only: results and pages."""

from collections.abc import AsyncGenerator, Collection
from uuid import UUID

from libs.contracts.records import ExtractionRecord, PageRecord
from libs.mongo.database import Database

_BATCH_PAGES = 64


class ExtractionReader:
    """Reads the collections ``extractions`` and ``pages``."""

    def __init__(self, database: Database) -> None:
        self._extractions = database["extractions"]
        self._pages = database["pages"]

    async def find(self, file_id: UUID) -> ExtractionRecord | None:
        """Find the latest run over a file."""
        return (await self.find_many([file_id])).get(file_id)

    async def find_many(self, file_ids: Collection[UUID]) -> dict[UUID, ExtractionRecord]:
        """Find the latest run over each file that has one."""
        cursor = self._extractions.find({"_id": {"$in": list(file_ids)}})
        records = [ExtractionRecord.from_document(document) async for document in cursor]
        return {record.id: record for record in records}

    async def pages(
        self, file_id: UUID, *, first: int = 1, limit: int | None = None
    ) -> AsyncGenerator[PageRecord, None]:
        """Yield pages from number ``first`` on in order, at most ``limit``, without ever holding them all."""
        query = {"_id.file_id": file_id, "_id.number": {"$gte": first}}
        cursor = self._pages.find(query, limit=limit or 0, batch_size=_BATCH_PAGES, sort=[("_id.number", 1)])
        async for document in cursor:
            yield PageRecord.from_document(document)
