"""What hangs on a file or conversation that no longer exists."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from libs.mongo.database import Database


@dataclass(frozen=True)
class Dependents:
    """A collection whose documents belong to those of another, by the field that names them."""

    collection: str
    field: str
    owners: str


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


def _value(document: dict[str, object], field: str) -> UUID:
    value: object = document
    for name in field.split("."):
        value = value[name] if isinstance(value, dict) else None
    if not isinstance(value, UUID):
        raise TypeError(f"{field} holds no id")
    return value
