"""Conversations in MongoDB. A conversation condemned as a whole is as absent as a stranger's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from libs.mongo.database import Database, Document
from services.gateway.auth.models import Principal
from services.gateway.chat.records import Conversation

_ALIVE: Document = {"deletion.kind": {"$ne": "conversation"}}


class ConversationStore:
    """Reads and writes the collection ``conversations``; removing from it is storage's alone."""

    def __init__(self, database: Database) -> None:
        self._conversations = database["conversations"]

    async def create(self, conversation: Conversation, *, default_key: str | None = None) -> bool:
        """Insert a conversation; false when another one has this ``default_key``, which is unique."""
        document = conversation.to_document()
        if default_key is not None:
            document["default_key"] = default_key
        try:
            await self._conversations.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def find(self, principal: Principal, agent_id: str, conversation_id: UUID) -> Conversation | None:
        """Find a conversation of this principal and agent."""
        return await self._find({"_id": conversation_id, **_owned(principal, agent_id)})

    async def exists(self, conversation_id: UUID) -> bool:
        """Whether there is such a conversation, not condemned."""
        return await self._conversations.find_one({"_id": conversation_id, **_ALIVE}, {"_id": 1}) is not None

    async def find_default(self, principal: Principal, agent_id: str, default_key: str) -> Conversation | None:
        """Find the conversation that has this key."""
        return await self._find({"default_key": default_key, **_owned(principal, agent_id)})

    async def release_default(self, default_key: str) -> None:
        """Take the key from a conversation that is being deleted, so that a new one can have it."""
        await self._conversations.update_one(
            {"default_key": default_key, "deletion.kind": "conversation"}, {"$unset": {"default_key": ""}}
        )

    async def list(
        self, principal: Principal, agent_id: str, *, after: Conversation | None, limit: int, newest_first: bool
    ) -> Sequence[Conversation]:
        """List conversations by time of creation, those behind ``after`` in that order."""
        query: Document = {**_owned(principal, agent_id), **_ALIVE}
        if after is not None:
            beyond = "$lt" if newest_first else "$gt"
            query["$or"] = [
                {"created_at": {beyond: after.created_at}},
                {"created_at": after.created_at, "_id": {beyond: after.id}},
            ]
        direction = DESCENDING if newest_first else ASCENDING
        cursor = self._conversations.find(query).sort([("created_at", direction), ("_id", direction)]).limit(limit)
        return [Conversation.from_document(document) async for document in cursor]

    async def forget(self, conversation_id: UUID, moment: datetime) -> None:
        """Begin a reset: everything up to ``moment`` is invisible from now on."""
        changes: dict[str, Any] = {"message_count": 0, "title": None}
        await self._conversations.update_one(
            {"_id": conversation_id}, {"$max": {"history_from": moment}, "$set": changes}
        )

    async def _find(self, query: Document) -> Conversation | None:
        document = await self._conversations.find_one({**query, **_ALIVE})
        return Conversation.from_document(document) if document else None


def _owned(principal: Principal, agent_id: str) -> Document:
    return {"app_id": principal.app_id, "agent_id": agent_id, "owner": principal.id}
