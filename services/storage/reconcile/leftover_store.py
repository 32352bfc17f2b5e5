"""What hangs on a file or conversation that no longer exists."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from libs.contracts.records import DeletionOrder, FileState
from libs.mongo.database import Database


@dataclass(frozen=True)
class Dependents:
    """A collection whose documents belong to those of another, by the field that names them."""

    collection: str
    field: str
    owners: str


_BATCH = 500


class LeftoverStore:
    """Reads owners' ids off a collection piece by piece, and removes what has none."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def list_owners(self, kind: Dependents, after: UUID | None, limit: int) -> list[UUID]:
        """Return the owners named by the next ``limit`` documents, in order, each once."""
        wanted = {kind.field: {"$ne": None} if after is None else {"$gt": after}}
        cursor = self._db[kind.collection].find(wanted, {kind.field: 1}, sort=[(kind.field, 1)], limit=limit)
        return list(dict.fromkeys([_value(document, kind.field) async for document in cursor]))

    async def list_existing(self, kind: Dependents, ids: Collection[UUID]) -> set[UUID]:
        """Return those owners that exist, condemned ones included."""
        return set(await self._db[kind.owners].distinct("_id", {"_id": {"$in": list(ids)}}))

    async def remove(self, kind: Dependents, owners: Collection[UUID]) -> int:
        """Remove everything that belongs to these owners; return how much we removed."""
        collection = self._db[kind.collection]
        return sum([(await collection.delete_many({kind.field: owner})).deleted_count for owner in owners])

    async def condemn_files(self, conversations: Collection[UUID], order: DeletionOrder) -> int:
        """Condemn the stored files of these conversations; return how many."""
        stored = {"state": FileState.STORED, "conversation_id": {"$in": list(conversations)}}
        condemned = {"$set": {"state": FileState.DELETING, "deletion": order.model_dump()}, "$unset": {"outbox": ""}}
        files, total = self._db["files"], 0
        while batch := [found["_id"] async for found in files.find(stored, {"_id": 1}, limit=_BATCH)]:
            total += (await files.update_many({**stored, "_id": {"$in": batch}}, condemned)).modified_count
        return total


def _value(document: dict[str, object], field: str) -> UUID:
    value: object = document
    for name in field.split("."):
        value = value[name] if isinstance(value, dict) else None
    if not isinstance(value, UUID):
        raise TypeError(f"{field} holds no id")
    return value
