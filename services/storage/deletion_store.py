"""What a deletion reads and writes: condemned records, what hangs on them, tombstones and receipts.

A tombstone is written before anything of a file or conversation is destroyed. It makes the receipt exact although a
crash may come between any two steps (its counts are taken while everything is still there, and a second attempt does
not change them), and it proves later that an object without record was deleted and not lost, so that it is never
adopted. Tombstones hold ids and counts only and expire after 90 days; the receipt keeps the sums.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pymongo import UpdateOne

from libs.contracts.records import DeletionOrder, DeletionRecord, FileRecord, FileState
from libs.mongo.database import Database, Document

RESET = "reset"
"""The kind of order that empties a conversation and keeps it; any other kind removes it."""

_COUNTED_AT_ONCE = 10

COUNTED = ("files", "objects", "bytes", "pages", "extractions", "messages", "conversations")
"""What a receipt counts."""


_CONDEMNED_AT_ONCE = 500
"""Records per update: thousands in one would outlast the time limit of an operation, again and again."""


class DeletionStore:
    """Finds what an order covers, removes it, and keeps the evidence."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def find_receipt(self, order_id: UUID) -> DeletionRecord | None:
        """Return what is known of an order."""
        document = await self._db["deletions"].find_one({"_id": order_id})
        return None if document is None else DeletionRecord.from_document(document)

    async def put_receipt(self, order: DeletionOrder) -> None:
        """Open the receipt unless it exists."""
        receipt = DeletionRecord.model_validate(order.model_dump()).to_document()
        await self._db["deletions"].update_one({"_id": receipt.pop("_id")}, {"$setOnInsert": receipt}, upsert=True)

    async def list_files(self, order_id: UUID, limit: int) -> list[FileRecord]:
        """Return some of the files an order covers."""
        cursor = self._db["files"].find({"deletion.id": order_id, "state": FileState.DELETING}, limit=limit)
        return [FileRecord.from_document(document) async for document in cursor]

    async def list_conversations(self, order_id: UUID) -> list[tuple[UUID, DeletionOrder]]:
        """Return the conversations an order covers, each with the order as it is written there."""
        cursor = self._db["conversations"].find({"deletion.id": order_id}, {"deletion": 1})
        return [(found["_id"], DeletionOrder.model_validate(found["deletion"])) async for found in cursor]

    async def bury_files(self, order: DeletionOrder, files: Sequence[FileRecord], moment: datetime) -> None:
        """Write the files' tombstones, counting what hangs on each of them."""
        ids = [file.id for file in files]
        pages = await self._count_pages(ids)
        extractions = set(await self._db["extractions"].distinct("_id", {"_id": {"$in": ids}}))
        await self._bury(
            order.id,
            moment,
            {
                file.id: {
                    "files": 1,
                    "objects": int(bool(file.sha256)),
                    "bytes": file.size_bytes,
                    "pages": pages.get(file.id, 0),
                    "extractions": int(file.id in extractions),
                }
                for file in files
            },
        )

    async def remove_texts(self, ids: Sequence[UUID]) -> None:
        """Remove pages, then extractions; pages file by file, because a file may have thousands."""
        for file_id in ids:
            await self._db["pages"].delete_many({"_id.file_id": file_id})
        await self._db["extractions"].delete_many({"_id": {"$in": ids}})

    async def remove_files(self, ids: Sequence[UUID]) -> None:
        """Remove condemned records: the last step, because the record is what leads to everything else."""
        await self._db["files"].delete_many({"_id": {"$in": ids}, "state": FileState.DELETING})

    async def bury_conversation(self, order: DeletionOrder, conversation_id: UUID, moment: datetime) -> None:
        """Write the conversation's tombstone; a reset, which may come again, gets one under an id of its own."""
        reset = order.kind == RESET
        grave = uuid5(order.id, str(conversation_id)) if reset else conversation_id
        messages = await self._db["messages"].count_documents(_condemned_messages(order, conversation_id))
        await self._bury(order.id, moment, {grave: {"messages": messages, "conversations": int(not reset)}})

    async def remove_conversation(self, order: DeletionOrder, conversation_id: UUID) -> None:
        """Remove messages, then the conversation; a reset spares what was written after it, and the conversation."""
        await self._db["messages"].delete_many(_condemned_messages(order, conversation_id))
        own = {"_id": conversation_id, "deletion.id": order.id}
        if order.kind == RESET:
            await self._db["conversations"].update_one(own, {"$unset": {"deletion": ""}})
        else:
            await self._db["conversations"].delete_one(own)

    async def complete(self, order_id: UUID, moment: datetime) -> bool:
        """Write the sums into the receipt; false when it was complete before."""
        pending = {"_id": order_id, "completed_at": None}
        result = {"counts": await self._sum_counts(order_id), "completed_at": moment}
        if (await self._db["deletions"].update_one(pending, {"$set": result})).modified_count:
            return True
        await self._db["deletions"].update_one({"_id": order_id}, {"$set": {"counts": result["counts"]}})
        return False

    async def condemn_stored(self, which: Document, order: DeletionOrder) -> int:
        """Condemn the stored files that match; return how many. Another replica doing the same gets the rest."""
        files, stored, total = self._db["files"], {**which, "state": FileState.STORED}, 0
        condemned = {"$set": {"state": FileState.DELETING, "deletion": order.model_dump()}, "$unset": {"outbox": ""}}
        while ids := [found["_id"] async for found in files.find(stored, {"_id": 1}, limit=_CONDEMNED_AT_ONCE)]:
            total += (await files.update_many({**stored, "_id": {"$in": ids}}, condemned)).modified_count
        return total

    async def list_buried(self, ids: Iterable[UUID]) -> set[UUID]:
        """Return those of the ids that were deleted: nothing of them may come back."""
        return set(await self._db["tombstones"].distinct("_id", {"_id": {"$in": list(ids)}}))

    async def bury_orphan(self, order_id: UUID, file_id: UUID, size_bytes: int, moment: datetime) -> bool:
        """Write the tombstone of an object that has no record; false when another replica did."""
        return bool(await self._bury(order_id, moment, {file_id: {"objects": 1, "bytes": size_bytes}}))

    async def _bury(self, order_id: UUID, moment: datetime, counts: dict[UUID, dict[str, int]]) -> int:
        """Insert tombstones, leaving those that exist as they are; return how many are new."""
        common = {"deletion_id": order_id, "deleted_at": moment}
        updates = [
            UpdateOne({"_id": buried}, {"$setOnInsert": {**common, "counts": of_it}}, upsert=True)
            for buried, of_it in counts.items()
        ]
        return (await self._db["tombstones"].bulk_write(updates, ordered=False)).upserted_count

    async def _count_pages(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Count a few files' pages at a time: a file may have thousands."""
        counted: dict[UUID, int] = {}
        for start in range(0, len(ids), _COUNTED_AT_ONCE):
            match = {"$match": {"_id.file_id": {"$in": ids[start : start + _COUNTED_AT_ONCE]}}}
            group = {"$group": {"_id": "$_id.file_id", "pages": {"$sum": 1}}}
            counted |= {found["_id"]: found["pages"] async for found in self._db["pages"].aggregate([match, group])}
        return counted

    async def _sum_counts(self, order_id: UUID) -> dict[str, int]:
        sums: dict[str, Any] = {name: {"$sum": f"$counts.{name}"} for name in COUNTED}
        groups = self._db["tombstones"].aggregate(
            [{"$match": {"deletion_id": order_id}}, {"$group": {"_id": None, **sums}}]
        )
        async for group in groups:
            return {name: int(group[name]) for name in COUNTED}
        return dict.fromkeys(COUNTED, 0)


def _condemned_messages(order: DeletionOrder, conversation_id: UUID) -> dict[str, Any]:
    if order.kind == RESET:
        return {"conversation_id": conversation_id, "created_at": {"$lte": order.requested_at}}
    return {"conversation_id": conversation_id}
