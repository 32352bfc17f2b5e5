"""Files whose time to be kept is over are condemned, like a user's own deletion."""

from collections import Counter
from typing import ClassVar

from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.reconcile.rules import Counts, Outcome, Round, new_order

_KIND = "retention"


class Retention:
    """Condemns stored files past ``retain_until`` and carries the order out."""

    name: ClassVar[str] = "retention"

    def __init__(self, store: DeletionStore, deletions: DeletionService) -> None:
        self._store = store
        self._deletions = deletions

    async def run(self, current: Round) -> Counts:
        """One order covers all that is due now; a replica doing the same gets the rest, or nothing."""
        order = new_order(_KIND, current.now)
        expired = await self._store.condemn_stored({"retain_until": {"$lte": current.now}}, order)
        if expired:
            await self._deletions.carry_out(order.id)
        return Counter({Outcome.FILES_EXPIRED: expired})
