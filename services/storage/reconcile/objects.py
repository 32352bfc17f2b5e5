"""Every object has a record, and every stored record has its object: one walk over the bucket finds both ways."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from libs.objects.store import ObjectInfo, ObjectStore
from services.storage.metrics import FOREIGN_OBJECTS, MISSING_OBJECTS, ORPHAN_OBJECTS
from services.storage.reconcile.custody_store import CustodyStore
from services.storage.reconcile.keys import file_id_of
from services.storage.reconcile.orphans import Orphan, Orphans
from services.storage.reconcile.rules import Counts, Outcome, Round

_log = logging.getLogger(__name__)
_SLICE = 500
_MISSING_PER_SLICE = 1000


@dataclass(frozen=True)
class Slice:
    """Consecutive objects of a listing; nothing follows the ``last`` one."""

    objects: Sequence[ObjectInfo]
    last: bool


class Custody:
    """Walks the bucket slice by slice, in the order of keys, which is the order of ids, beside the records.

    An object whose key does not start with a file id is none of ours: it is counted and never touched.
    """

    name: ClassVar[str] = "custody"

    def __init__(self, *, store: CustodyStore, objects: ObjectStore, orphans: Orphans, objects_per_round: int) -> None:
        self._store = store
        self._objects = objects
        self._orphans = orphans
        self._objects_per_round = objects_per_round
        self._reported: set[UUID] = set()
        self._begin()

    async def run(self, current: Round) -> Counts:
        """Continue the walk; a complete round walks from end to end."""
        if current.complete:
            self._begin()
        counts: Counts = Counter()
        looked_at = 0
        async for part in self._slices():
            found = await self._look_at(part, current)
            counts += found
            self._pass += found
            looked_at += len(part.objects)
            if part.last:
                self._end()
            elif looked_at >= self._objects_per_round and not current.complete:
                break
        return counts

    def _report(self, file_id: UUID) -> None:
        """Log a loss when it is first seen; the gauge says how many there still are."""
        if file_id not in self._reported:
            self._reported.add(file_id)
            _log.error("a stored file has no object", extra={"file_id": str(file_id)})

    def _begin(self) -> None:
        """Start a walk. ``_reached`` is the last file id up to which records have been compared."""
        self._after = ""
        self._reached: UUID | None = None
        self._pass: Counts = Counter()

    def _end(self) -> None:
        ORPHAN_OBJECTS.set(self._pass[Outcome.ORPHANS_WAITING])
        MISSING_OBJECTS.set(self._pass[Outcome.OBJECTS_MISSING])
        FOREIGN_OBJECTS.set(self._pass[Outcome.OBJECTS_FOREIGN])
        self._begin()

    async def _slices(self) -> AsyncIterator[Slice]:
        collected: list[ObjectInfo] = []
        async for found in self._objects.list(after=self._after):
            if len(collected) == _SLICE:
                yield Slice(collected, last=False)
                collected = []
            collected.append(found)
        yield Slice(collected, last=True)

    async def _look_at(self, part: Slice, current: Round) -> Counts:
        ours = [Orphan(file_id, info) for info in part.objects if (file_id := file_id_of(info.key)) is not None]
        # Records are read after the listing, and are written before their object: none of these is still to come.
        known = await self._store.list_known({candidate.file_id for candidate in ours})
        counts = await self._orphans.judge([candidate for candidate in ours if candidate.file_id not in known], current)
        counts[Outcome.OBJECTS_FOREIGN] += len(part.objects) - len(ours)
        reached = max((candidate.file_id for candidate in ours), default=self._reached)
        counts[Outcome.OBJECTS_MISSING] += await self._count_missing(
            {candidate.info.key for candidate in ours}, up_to=None if part.last else reached
        )
        self._reached = reached
        if part.objects:
            self._after = part.objects[-1].key
        return counts

    async def _count_missing(self, present: Collection[str], *, up_to: UUID | None) -> int:
        """How many stored records of this slice have no object, each confirmed by asking for it by name."""
        missing = 0
        for file_id in await self._store.list_stored(self._reached, up_to, _MISSING_PER_SLICE):
            if str(file_id) in present or await self._objects.find(str(file_id)) is not None:
                continue
            if await self._store.is_stored(file_id):
                missing += 1
                self._report(file_id)
        return missing
