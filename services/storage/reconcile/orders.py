"""Deletion orders whose command was lost are carried out all the same."""

from collections import Counter
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from libs.contracts.records import FileState
from libs.mongo.database import Database
from services.storage.deletions import DeletionService
from services.storage.reconcile.rules import REQUESTER, Counts, Outcome, Round, new_order

_KIND = "abandoned"


class OrderStore:
    """Finds orders that should have been carried out by now."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def list_late(self, until: datetime) -> set[UUID]:
        """Return orders given before ``until``, and all of our own, that still mark something or lack their receipt."""
        late = {"$or": [{"deletion.requested_at": {"$lte": until}}, {"deletion.requested_by": REQUESTER}]}
        marked = {"deletion.id": {"$ne": None}, **late}
        return {
            *await self._db["files"].distinct("deletion.id", {**marked, "state": FileState.DELETING}),
            *await self._db["conversations"].distinct("deletion.id", marked),
            *await self._db["deletions"].distinct("_id", {"completed_at": None, "requested_at": {"$lte": until}}),
        }

    async def adopt_orderless(self, moment: datetime) -> None:
        """Give an order to condemned files that carry none, so that they are found like all others."""
        order = new_order(_KIND, moment)
        await self._db["files"].update_many(
            {"state": FileState.DELETING, "deletion": None}, {"$set": {"deletion": order.model_dump()}}
        )


class LateOrders:
    """Carries out what ``DeleteFiles`` should have brought."""

    name: ClassVar[str] = "late orders"

    def __init__(self, store: OrderStore, deletions: DeletionService, grace: timedelta) -> None:
        self._store = store
        self._deletions = deletions
        self._grace = grace

    async def run(self, current: Round) -> Counts:
        """Leave young orders to their command; carrying one out twice at once would only be wasteful."""
        await self._store.adopt_orderless(current.now)
        counts: Counts = Counter()
        for order_id in await self._store.list_late(current.now - self._grace):
            await self._deletions.carry_out(order_id)
            counts[Outcome.ORDERS_RESUMED] += 1
        return counts
