"""The windows of the rate limiter in MongoDB."""

from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from libs.mongo.database import Database


class RateWindows:
    """Reads and writes the collection ``rate_windows``: one document per key, removed by its TTL index."""

    def __init__(self, database: Database) -> None:
        self._windows = database["rate_windows"]

    async def count(self, key: str, moment: datetime, length: timedelta) -> tuple[int, datetime]:
        """Count one more in the key's window, or open a new one; return the count and the window's end."""
        while True:
            document = await self._windows.find_one_and_update(
                {"_id": key, "resets_at": {"$gt": moment}}, {"$inc": {"count": 1}}, return_document=ReturnDocument.AFTER
            )
            if document is not None:
                return int(document["count"]), document["resets_at"]
            if await self._opened(key, moment, moment + length):
                return 1, moment + length

    async def _opened(self, key: str, moment: datetime, resets_at: datetime) -> bool:
        """Open a window unless another request has just done so."""
        window = {"count": 1, "resets_at": resets_at, "expires_at": resets_at}
        try:
            await self._windows.update_one({"_id": key, "resets_at": {"$lte": moment}}, {"$set": window}, upsert=True)
        except DuplicateKeyError:
            return False
        return True
