"""Files whose time to be kept is over are condemned, like a user's own deletion."""

from collections import Counter
from typing import ClassVar

from libs.contracts.records import FileState
from libs.mongo.database import Database
from services.storage.deletions import DeletionService
from services.storage.reconcile.rules import Counts, Outcome, Round, new_order

_KIND = "retention"

_BATCH = 500
"""Records per update: thousands in one would outlast the time limit of an operation, again and again."""


class Retention:
    """Condemns stored files past ``retain_until`` and carries the order out."""

    name: ClassVar[str] = "retention"

    def __init__(self, database: Database, deletions: DeletionService) -> None:
        self._files = database["files"]
        self._deletions = deletions

    async def run(self, current: Round) -> Counts:
        """One order covers all that is due now; a replica doing the same gets the rest, or nothing."""
        order = new_order(_KIND, current.now)
        due = {"state": FileState.STORED, "retain_until": {"$lte": current.now}}
        condemned = {"$set": {"state": FileState.DELETING, "deletion": order.model_dump()}, "$unset": {"outbox": ""}}
        expired = 0
        while ids := [found["_id"] async for found in self._files.find(due, {"_id": 1}, limit=_BATCH)]:
            expired += (await self._files.update_many({**due, "_id": {"$in": ids}}, condemned)).modified_count
        if expired:
            await self._deletions.carry_out(order.id)
        return Counter({Outcome.FILES_EXPIRED: expired})
