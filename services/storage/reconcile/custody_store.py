"""Which of the objects have a record, and which of the records should have an object."""

from collections.abc import Collection
from uuid import UUID

from pymongo.errors import DuplicateKeyError

from libs.contracts.records import FileRecord, FileState
from libs.mongo.database import Database


class CustodyStore:
    """Compares ``files`` with a listing of the bucket."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]

    async def list_known(self, ids: Collection[UUID]) -> set[UUID]:
        """Return those of the ids that have a record, whatever its state."""
        return set(await self._files.distinct("_id", {"_id": {"$in": list(ids)}}))

    async def list_stored(self, above: UUID | None, up_to: UUID | None, limit: int) -> list[UUID]:
        """Return stored files with ids between the two, the upper one included; ``None`` is open."""
        bounds = {name: bound for name, bound in (("$gt", above), ("$lte", up_to)) if bound is not None}
        wanted = {"state": FileState.STORED, **({"_id": bounds} if bounds else {})}
        cursor = self._files.find(wanted, {"_id": 1}, sort=[("_id", 1)], limit=limit)
        return [document["_id"] async for document in cursor]

    async def is_stored(self, file_id: UUID) -> bool:
        """Whether the record says, now, that the bytes are safe."""
        return await self._files.count_documents({"_id": file_id, "state": FileState.STORED}, limit=1) > 0

    async def adopt(self, file: FileRecord) -> bool:
        """Insert a rebuilt record; false when there is one by now."""
        try:
            await self._files.insert_one(file.to_document())
        except DuplicateKeyError:
            return False
        return True
