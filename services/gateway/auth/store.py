"""API keys in MongoDB."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument

from libs.mongo.database import Database
from services.gateway.auth.models import ApiKey


class ApiKeyStore:
    """Reads and writes the collection ``api_keys``."""

    def __init__(self, database: Database) -> None:
        self._keys = database["api_keys"]

    async def create(self, key: ApiKey) -> None:
        """Insert a new key."""
        document = key.to_document()
        document["scopes"] = sorted(key.scopes)
        document["agents"] = sorted(key.agents) if key.agents is not None else None
        await self._keys.insert_one(document)

    async def find_by_prefix(self, prefix: str) -> ApiKey | None:
        """Find the key whose public part is ``prefix``."""
        document = await self._keys.find_one({"prefix": prefix})
        return ApiKey.from_document(document) if document else None

    async def list(self, app_id: str) -> list[ApiKey]:
        """List an app's keys, oldest first."""
        return [
            ApiKey.from_document(document)
            async for document in self._keys.find({"app_id": app_id}).sort("created_at", 1)
        ]

    async def update(self, key_id: UUID, changes: dict[str, Any]) -> ApiKey | None:
        """Set fields of a key and return it, or ``None`` when there is none."""
        document = await self._keys.find_one_and_update(
            {"_id": key_id}, {"$set": changes}, return_document=ReturnDocument.AFTER
        )
        return ApiKey.from_document(document) if document else None

    async def touch(self, key: ApiKey, moment: datetime, resolution: timedelta) -> None:
        """Remember that the key was used, at most once per ``resolution``."""
        if key.last_used_at is None or moment - key.last_used_at > resolution:
            await self._keys.update_one({"_id": key.id}, {"$max": {"last_used_at": moment}})
