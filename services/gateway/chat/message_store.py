"""Messages in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import DESCENDING

from libs.mongo.database import Database, Document
from services.gateway.chat.records import Conversation, Message

_NEWEST_FIRST = [("created_at", DESCENDING), ("turn_id", DESCENDING), ("ordinal", DESCENDING)]


class MessageStore:
    """Reads and writes the collection ``messages``; removing from it is storage's alone."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._conversations = database["conversations"]
        self._messages = database["messages"]

    async def list_latest(self, conversation: Conversation, limit: int) -> list[Message]:
        """List the newest messages of a conversation, oldest of them first; what a reset covers is left out."""
        query: Document = {"conversation_id": conversation.id}
        if conversation.visible_from is not None:
            query["created_at"] = {"$gt": conversation.visible_from}
        cursor = self._messages.find(query).sort(_NEWEST_FIRST).limit(limit)
        return [Message.from_document(document) async for document in cursor][::-1]

    async def add_turn(
        self, conversation_id: UUID, messages: Sequence[Message], *, began_at: datetime, ended_at: datetime, title: str
    ) -> bool:
        """Store a turn and take note of it in its conversation, both or neither; the title is for one without.

        False, and nothing is stored, when the conversation was deleted or reset since the turn began.
        """

        async def transaction(session: AsyncIOMotorClientSession) -> bool:
            update = {"$inc": {"message_count": len(messages)}, "$max": {"updated_at": ended_at}}
            query = _untouched_since(conversation_id, began_at)
            if not (await self._conversations.update_one(query, update, session=session)).matched_count:
                return False
            await self._conversations.update_one(
                {"_id": conversation_id, "title": None}, {"$set": {"title": title}}, session=session
            )
            await self._messages.insert_many([message.to_document() for message in messages], session=session)
            return True

        async with await self._client.start_session() as session:
            stored: bool = await session.with_transaction(transaction)
            return stored


def _untouched_since(conversation_id: UUID, moment: datetime) -> dict[str, Any]:
    return {
        "_id": conversation_id,
        "$and": [
            {"$or": [{"history_from": None}, {"history_from": {"$lt": moment}}]},
            {"$or": [{"deletion": None}, {"deletion.kind": "reset", "deletion.requested_at": {"$lt": moment}}]},
        ],
    }
