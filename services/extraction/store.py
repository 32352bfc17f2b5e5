"""The collections ``extractions`` and ``pages``, which this service alone writes, and a look at ``files``.

Every write of a run is conditional on its lease's token (a fencing token): a run that was overtaken while it was
suspended changes nothing any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError, DuplicateKeyError

from libs.clock import now
from libs.contracts.records import (
    ExtractionFailure,
    ExtractionRecord,
    ExtractionStatus,
    FileRecord,
    Lease,
    PageRecord,
)
from libs.mongo.database import Database, Document

_DUPLICATE_KEY = 11000
_RUNNING = ExtractionStatus.RUNNING.value
_UNFINISHED = [ExtractionStatus.QUEUED.value, ExtractionStatus.RUNNING.value]


@dataclass(frozen=True)
class Claim:
    """A run that is ours. ``repeated``: there was one before, which may have left pages."""

    record: ExtractionRecord
    repeated: bool


class ExtractionStore:
    """Reads files; claims, extends, ends and removes runs; writes pages."""

    def __init__(self, database: Database, *, owner: str) -> None:
        """``owner`` is this process's name in its leases."""
        self._files = database["files"]
        self._extractions = database["extractions"]
        self._pages = database["pages"]
        self._owner = owner

    async def find_file(self, file_id: UUID) -> FileRecord | None:
        """Return the file's record, or None when it is gone."""
        document = await self._files.find_one({"_id": file_id})
        return FileRecord.from_document(document) if document else None

    async def find(self, file_id: UUID) -> ExtractionRecord | None:
        """Return the latest run over a file, or None when there was none."""
        document = await self._extractions.find_one({"_id": file_id})
        return ExtractionRecord.from_document(document) if document else None

    async def claim(self, file: FileRecord, requested_at: datetime, *, lease: timedelta) -> Claim | None:
        """Become the one who runs this request, or return None because it has ended or is somebody else's.

        A first run is inserted; an older request's run is replaced, ended or not; a run of this request is taken
        over once its lease is gone, which counts as another attempt.
        """
        moment = now()
        fresh = ExtractionRecord(
            id=file.id,
            sha256=file.sha256,
            requested_at=requested_at,
            status=ExtractionStatus.RUNNING,
            attempt=1,
            lease=Lease(owner=self._owner, until=moment + lease, token=uuid4()),
            started_at=moment,
        )
        try:
            await self._extractions.insert_one(fresh.to_document())
        except DuplicateKeyError:
            claimed = await self._claim_existing(fresh, moment)
            return Claim(claimed, repeated=True) if claimed else None
        return Claim(fresh, repeated=False)

    async def _claim_existing(self, fresh: ExtractionRecord, moment: datetime) -> ExtractionRecord | None:
        changes = fresh.to_document()
        del changes["_id"]
        older = {"_id": fresh.id, "requested_at": {"$lt": fresh.requested_at}}
        abandoned = {
            "_id": fresh.id,
            "requested_at": {"$gte": fresh.requested_at},
            "status": {"$in": _UNFINISHED},
            "$or": [{"lease": None}, {"lease.until": {"$lt": moment}}],
        }
        replaced = await self._find_and_update(older, {"$set": changes})
        if replaced:
            return replaced
        for kept in ("requested_at", "attempt"):
            del changes[kept]
        taken_over = await self._find_and_update(abandoned, {"$set": changes, "$inc": {"attempt": 1}})
        return taken_over or await self._find_own(fresh)

    async def _find_own(self, fresh: ExtractionRecord) -> ExtractionRecord | None:
        """Find what we claimed without hearing of it.

        The driver repeats a write whose answer was lost; a server that was restarted in between may not know that it
        carried it out, and then our own lease seems to be somebody else's.
        """
        token = fresh.lease.token if fresh.lease else None
        document = await self._extractions.find_one({"_id": fresh.id, "lease.token": token, "status": _RUNNING})
        return ExtractionRecord.from_document(document) if document else None

    async def _find_and_update(self, condition: Document, update: Document) -> ExtractionRecord | None:
        document = await self._extractions.find_one_and_update(condition, update, return_document=ReturnDocument.AFTER)
        return ExtractionRecord.from_document(document) if document else None

    async def extend(self, file_id: UUID, token: UUID, until: datetime) -> bool:
        """Say that the run lives; False when it is not ours any more."""
        result = await self._extractions.update_one(_ours(file_id, token), {"$set": {"lease.until": until}})
        return result.matched_count == 1

    async def release(self, file_id: UUID, token: UUID, *, counts: bool) -> None:
        """Let go of a run that has not ended, for anybody to take; ``counts`` keeps the attempt on its account."""
        update: Document = {"$set": {"lease": None, "status": ExtractionStatus.QUEUED.value}}
        if not counts:
            update["$inc"] = {"attempt": -1}
        await self._extractions.update_one(_ours(file_id, token), update)

    async def finish(self, result: ExtractionRecord, token: UUID) -> bool:
        """Write the result of a run and end its lease; False when it is not ours any more."""
        changes = result.to_document()
        del changes["_id"]
        outcome = await self._extractions.update_one(_ours(result.id, token), {"$set": {**changes, "lease": None}})
        return outcome.matched_count == 1

    async def save_pages(self, pages: Sequence[PageRecord]) -> None:
        """Write pages; one that is there already, left by a run that lost its lease, is replaced."""
        if not pages:
            return
        documents = [page.to_document() for page in pages]
        try:
            await self._pages.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != _DUPLICATE_KEY for failure in failures):
                raise
            for failure in failures:
                document = documents[failure["index"]]
                await self._pages.replace_one({"_id": document["_id"]}, document, upsert=True)

    async def clear_pages(self, file_id: UUID) -> None:
        """Remove a file's pages."""
        await self._pages.delete_many({"_id.file_id": file_id})

    async def remove(self, file_id: UUID) -> None:
        """Remove what a run wrote after its file was condemned."""
        await self.clear_pages(file_id)
        await self._extractions.delete_one({"_id": file_id})


def _ours(file_id: UUID, token: UUID) -> Document:
    return {"_id": file_id, "lease.token": token}


def failed(record: ExtractionRecord, error: ExtractionFailure) -> ExtractionRecord:
    """Give the record of a run that ended without a result."""
    return record.model_copy(
        update={"status": ExtractionStatus.FAILED, "error": error, "lease": None, "ended_at": now()}
    )
