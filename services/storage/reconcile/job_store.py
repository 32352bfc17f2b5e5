"""Which jobs are due: outboxes that were never emptied, and dispatched files whose extraction has not ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.records import ExtractionStatus, FileRecord, FileState, Lease
from libs.mongo.database import Database


@dataclass(frozen=True)
class ExtractionState:
    """How far the latest run over a file has come."""

    requested_at: datetime
    status: ExtractionStatus
    lease: Lease | None


class JobStore:
    """Reads ``files`` and ``extractions``; writes the two fields that say whether a job is with the broker."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]
        self._extractions = database["extractions"]

    async def list_due(self, moment: datetime, limit: int) -> list[FileRecord]:
        """Return stored files whose outbox is due, the longest waiting first."""
        due = {"outbox.next_at": {"$lte": moment}, "state": FileState.STORED}
        cursor = self._files.find(due, sort=[("outbox.next_at", 1)], limit=limit)
        return [FileRecord.from_document(document) async for document in cursor]

    async def claim_outbox(self, file: FileRecord, next_at: datetime) -> bool:
        """Push the outbox's next attempt forward; false when someone else did, or emptied it."""
        push = {"$set": {"outbox.next_at": next_at}, "$inc": {"outbox.attempts": 1}}
        return bool((await self._files.update_one(_same_outbox(file), push)).modified_count)

    async def empty_outbox(self, file: FileRecord, claimed_until: datetime, moment: datetime) -> None:
        """Note that the job is with the broker, unless a newer request has filled the outbox again."""
        claimed = {"_id": file.id, "state": FileState.STORED, "outbox.next_at": claimed_until}
        dispatched = {"$unset": {"outbox": ""}, "$set": {"dispatched_at": moment}}
        await self._files.update_one(claimed, dispatched)

    async def list_dispatched(self, until: datetime, after: UUID | None, limit: int) -> list[FileRecord]:
        """Return stored files whose job has been with the broker since ``until`` or longer, by id."""
        wanted: dict[str, Any] = {"dispatched_at": {"$lte": until}, "state": FileState.STORED, "outbox": None}
        if after is not None:
            wanted["_id"] = {"$gt": after}
        cursor = self._files.find(wanted, sort=[("_id", 1)], limit=limit)
        return [FileRecord.from_document(document) async for document in cursor]

    async def list_states(self, ids: Sequence[UUID]) -> dict[UUID, ExtractionState]:
        """Return how far the files' extractions have come; those without one are left out."""
        cursor = self._extractions.find({"_id": {"$in": ids}}, {"requested_at": 1, "status": 1, "lease": 1})
        return {found["_id"]: _state(found) async for found in cursor}

    async def settle(self, files: Sequence[FileRecord], until: datetime) -> None:
        """Forget the dispatch of files whose extraction has ended, so that the next round need not look at them."""
        ended = {"_id": {"$in": [file.id for file in files]}, "dispatched_at": {"$lte": until}}
        await self._files.update_many(ended, {"$unset": {"dispatched_at": ""}})

    async def claim_dispatch(self, file: FileRecord, moment: datetime) -> bool:
        """Note a new dispatch; false when someone else did, or the file is no longer stored."""
        seen = {"_id": file.id, "state": FileState.STORED, "outbox": None, "dispatched_at": file.dispatched_at}
        return bool((await self._files.update_one(seen, {"$set": {"dispatched_at": moment}})).modified_count)


def _same_outbox(file: FileRecord) -> dict[str, Any]:
    next_at = None if file.outbox is None else file.outbox.next_at
    return {"_id": file.id, "state": FileState.STORED, "outbox.next_at": next_at}


def _state(document: dict[str, Any]) -> ExtractionState:
    lease = document.get("lease")
    return ExtractionState(
        requested_at=document["requested_at"],
        status=ExtractionStatus(document["status"]),
        lease=None if lease is None else Lease.model_validate(lease),
    )
