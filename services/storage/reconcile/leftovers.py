"""Text without a file, messages without a conversation: written by someone who had not heard of the deletion yet."""

from collections import Counter
from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.reconcile.leftover_store import Dependents, LeftoverStore
from services.storage.reconcile.rules import Counts, Outcome, Round, new_order

PAGES = Dependents("pages", "_id.file_id", "files")
EXTRACTIONS = Dependents("extractions", "_id", "files")
MESSAGES = Dependents("messages", "conversation_id", "conversations")
FILES = Dependents("files", "conversation_id", "conversations")


class Leftovers:
    """Walks one collection and removes what belongs to nothing any more.

    A file's record exists before its text and leaves after it, so text without a record is late. It can be extracted
    again should the record come back. Messages cannot, so they go only when a tombstone proves the deletion.
    """

    name: ClassVar[str] = "leftovers"

    def __init__(
        self, kind: Dependents, outcome: Outcome, *, store: LeftoverStore, graves: DeletionStore, per_round: int
    ) -> None:
        self._kind = kind
        self._outcome = outcome
        self._store = store
        self._graves = graves
        self._per_round = per_round
        self._after: UUID | None = None

    async def run(self, current: Round) -> Counts:
        """Continue the walk by one piece; a complete round walks from end to end."""
        if current.complete:
            self._after = None
        counts: Counts = Counter()
        while owners := await self._store.list_owners(self._kind, self._after, self._per_round):
            counts[self._outcome] += await self._settle(owners, current)
            self._after = owners[-1]
            if not current.complete:
                return counts
        self._after = None
        return counts

    async def _settle(self, owners: Collection[UUID], _current: Round) -> int:
        gone = set(owners) - await self._store.list_existing(self._kind, owners)
        if self._kind is MESSAGES:
            gone = await self._graves.list_buried(gone)
        return await self._store.remove(self._kind, gone) if gone else 0


class StrayFiles(Leftovers):
    """Condemns files of a conversation that was deleted while they were being attached."""

    name: ClassVar[str] = "stray files"

    def __init__(
        self, *, store: LeftoverStore, graves: DeletionStore, deletions: DeletionService, per_round: int
    ) -> None:
        super().__init__(FILES, Outcome.STRAYS_REMOVED, store=store, graves=graves, per_round=per_round)
        self._deletions = deletions

    async def _settle(self, owners: Collection[UUID], current: Round) -> int:
        buried = await self._graves.list_buried(set(owners) - await self._store.list_existing(self._kind, owners))
        if not buried:
            return 0
        order = new_order("conversation", current.now)
        condemned = await self._graves.condemn_stored({"conversation_id": {"$in": list(buried)}}, order)
        if condemned:
            await self._deletions.carry_out(order.id)
        return condemned
