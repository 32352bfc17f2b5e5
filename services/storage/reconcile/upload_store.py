"""Uploads that were begun and have no end."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.records import DeletionOrder, FileRecord, FileState
from libs.mongo.database import Database


class UploadStore:
    """Moves ``files`` out of ``receiving``, one way or the other."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]

    async def list_overdue(self, moment: datetime, limit: int) -> list[FileRecord]:
        """Return uploads past their deadline."""
        overdue = {"state": FileState.RECEIVING, "receive_until": {"$lte": moment}}
        cursor = self._files.find(overdue, sort=[("receive_until", 1)], limit=limit)
        return [FileRecord.from_document(document) async for document in cursor]

    async def claim(self, file: FileRecord, until: datetime) -> FileRecord | None:
        """Take an overdue upload for ourselves until then; ``None`` when someone else took or ended it."""
        if (await self._files.update_one(_as_seen(file), {"$set": {"receive_until": until}})).modified_count:
            return file.model_copy(update={"receive_until": until})
        return None

    async def complete(self, file: FileRecord, completed: dict[str, Any]) -> bool:
        """Set the fields of a stored file; false when it is no longer as we claimed it."""
        update = {"$set": {**completed, "state": FileState.STORED}, "$unset": {"receive_until": ""}}
        return bool((await self._files.update_one(_as_seen(file), update)).modified_count)

    async def condemn(self, file: FileRecord, order: DeletionOrder) -> bool:
        """Put the file under a deletion order; false when it is no longer as we claimed it."""
        update = {"$set": {"state": FileState.DELETING, "deletion": order.model_dump()}}
        return bool((await self._files.update_one(_as_seen(file), update)).modified_count)

    async def list_receiving(self, ids: Collection[UUID], moment: datetime) -> set[UUID]:
        """Return those files whose upload still has time."""
        alive = {"_id": {"$in": list(ids)}, "state": FileState.RECEIVING, "receive_until": {"$gt": moment}}
        return set(await self._files.distinct("_id", alive))


def _as_seen(file: FileRecord) -> dict[str, Any]:
    return {"_id": file.id, "state": FileState.RECEIVING, "receive_until": file.receive_until}
