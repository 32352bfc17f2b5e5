"""Mark what is condemned, read what storage reported."""

from typing import Any
from uuid import UUID

from libs.contracts.records import DeletionOrder, DeletionRecord, FileState
from libs.mongo.database import Database
from services.gateway.auth.models import Principal

_BATCH = 500
"""Files condemned by one update, so that none of them takes longer than one operation may."""


class DeletionStore:
    """Writes deletion orders on ``files`` and ``conversations``, reads ``deletions``; destroys nothing."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]
        self._conversations = database["conversations"]
        self._deletions = database["deletions"]

    async def condemn_file(self, principal: Principal, agent_id: str, file_id: UUID, order: DeletionOrder) -> bool:
        """Hide one stored file; false when the principal has no such file with this agent."""
        query = {"_id": file_id, **_owned(principal, agent_id), "state": FileState.STORED}
        return bool((await self._files.update_one(query, _condemned(order))).matched_count)

    async def condemn_upload(self, file_id: UUID, order: DeletionOrder, *, states: list[FileState]) -> bool:
        """Hide what an upload left; false when it left nothing in one of ``states``."""
        query = {"_id": file_id, "state": {"$in": states}}
        return bool((await self._files.update_one(query, _condemned(order))).matched_count)

    async def condemn_files(
        self, principal: Principal, agent_id: str, conversations: list[UUID | None], order: DeletionOrder
    ) -> int:
        """Hide the stored files of these conversations (``None``: the shared ones); return how many."""
        query = {
            **_owned(principal, agent_id),
            "state": FileState.STORED,
            "conversation_id": {"$in": conversations},
        }
        condemned = 0
        while batch := [file["_id"] async for file in self._files.find(query, {"_id": 1}).limit(_BATCH)]:
            update = await self._files.update_many({**query, "_id": {"$in": batch}}, _condemned(order))
            condemned += update.matched_count
        return condemned

    async def condemn_conversation(
        self, principal: Principal, agent_id: str, conversation_id: UUID, order: DeletionOrder
    ) -> bool:
        """Put the order on a conversation; false when the principal has no such conversation with this agent.

        An earlier order that storage has not carried out yet gives way, unless it was to remove the conversation.
        """
        query = {"_id": conversation_id, **_owned(principal, agent_id), "deletion.kind": {"$ne": "conversation"}}
        update = {"$set": {"deletion": order.model_dump()}}
        return bool((await self._conversations.update_one(query, update)).matched_count)

    async def find(self, deletion_id: UUID) -> DeletionRecord | None:
        """Find what storage reported about an order."""
        document = await self._deletions.find_one({"_id": deletion_id})
        return DeletionRecord.from_document(document) if document else None


def _owned(principal: Principal, agent_id: str) -> dict[str, Any]:
    return {"app_id": principal.app_id, "agent_id": agent_id, "owner": principal.id}


def _condemned(order: DeletionOrder) -> dict[str, Any]:
    return {"$set": {"state": FileState.DELETING, "deletion": order.model_dump()}}
