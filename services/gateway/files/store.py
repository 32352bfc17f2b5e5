"""Files in MongoDB. Every query names app, agent and owner, so a stranger's file is as absent as one that never was."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from libs.contracts.records import FileRecord, FileState, Outbox
from libs.mongo.database import Database
from services.gateway.auth.models import Principal

_COUNTED = {"$or": [{"state": FileState.STORED}, {"state": FileState.RECEIVING, "uploaded_at": {"$ne": None}}]}
"""What limits count: stored files, and those whose bytes are in and whose place is taken."""


class FileStore:
    """Reads and writes the collection ``files``; removing from it is storage's alone."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]

    async def create(self, record: FileRecord) -> None:
        """Insert a new record. Its id is new, so one found there is our own insert, repeated by the driver."""
        with suppress(DuplicateKeyError):
            await self._files.insert_one(record.to_document())

    async def find(self, principal: Principal, agent_id: str, file_id: UUID) -> FileRecord | None:
        """Find a stored file of this principal and agent."""
        document = await self._files.find_one({"_id": file_id, **_visible(principal, agent_id)})
        return FileRecord.from_document(document) if document else None

    async def list_visible(self, principal: Principal, agent_id: str, conversation_id: UUID | None) -> list[FileRecord]:
        """List the shared files, and with a conversation its own too, in the order they were uploaded."""
        query = {**_visible(principal, agent_id), "conversation_id": {"$in": list({conversation_id, None})}}
        cursor = self._files.find(query).sort([("uploaded_at", 1), ("_id", 1)])
        return [FileRecord.from_document(document) async for document in cursor]

    async def find_by_ids(self, file_ids: list[UUID]) -> list[FileRecord]:
        """Find stored files by id, whoever owns them: for waiting on files the caller has already been allowed."""
        cursor = self._files.find({"_id": {"$in": file_ids}, "state": FileState.STORED})
        return [FileRecord.from_document(document) async for document in cursor]

    async def update(
        self, principal: Principal, agent_id: str, file_id: UUID, changes: Mapping[str, Any]
    ) -> FileRecord | None:
        """Set fields of a stored file and return it, or ``None`` when there is none."""
        document = await self._files.find_one_and_update(
            {"_id": file_id, **_visible(principal, agent_id)},
            {"$set": dict(changes)},
            return_document=ReturnDocument.AFTER,
        )
        return FileRecord.from_document(document) if document else None

    async def advance(self, file_id: UUID, changes: Mapping[str, Any]) -> bool:
        """Change a record that is still ``receiving``; false when it was given up meanwhile.

        The driver repeats an update whose answer was lost, and a server that was restarted in between may not know
        that it carried it out: finding the file stored at our own ``uploaded_at`` is success.
        """
        done = {"state": FileState.STORED, "uploaded_at": changes["uploaded_at"]}
        advanced = {"_id": file_id, "$or": [{"state": FileState.RECEIVING}, done]}
        return bool((await self._files.update_one(advanced, {"$set": dict(changes)})).matched_count)

    async def mark_dispatched(self, file_id: UUID, requested_at: datetime, moment: datetime) -> None:
        """Take note that the broker has the job; a newer request keeps its outbox."""
        await self._files.update_one(
            {"_id": file_id, "extract_requested_at": requested_at},
            {"$set": {"dispatched_at": moment}, "$unset": {"outbox": ""}},
        )

    async def count_others(self, record: FileRecord) -> int:
        """Count the files in the same place (a conversation, or the shared files of an agent) besides this one."""
        place = {
            "app_id": record.app_id,
            "agent_id": record.agent_id,
            "owner": record.owner,
            "conversation_id": record.conversation_id,
        }
        return await self._files.count_documents({**place, "_id": {"$ne": record.id}, **_COUNTED})

    async def usage(self, app_id: str, owner: str, *, without: UUID | None = None) -> tuple[int, int]:
        """Return how many files and bytes an owner has stored with all agents, ``without`` left out."""
        match = {"app_id": app_id, "owner": owner, "_id": {"$ne": without}, **_COUNTED}
        group = {"_id": None, "files": {"$sum": 1}, "size": {"$sum": "$size_bytes"}}
        async for totals in self._files.aggregate([{"$match": match}, {"$group": group}]):
            return int(totals["files"]), int(totals["size"])
        return 0, 0


def outbox_document(moment: datetime, request_id: str) -> dict[str, Any]:
    """Make the embedded outbox entry that storage's reconciler picks up when the first publish fails."""
    return Outbox(next_at=moment, request_id=request_id).model_dump()


def _visible(principal: Principal, agent_id: str) -> dict[str, Any]:
    return {
        "app_id": principal.app_id,
        "agent_id": agent_id,
        "owner": principal.id,
        "state": FileState.STORED,
    }
