"""Objects without a record: who is waited for, who is taken back, who goes.

An orphan is quarantined from the moment it was written. Meanwhile its record may turn up again (a restored primary),
and an operator may look. Then:

- one whose file was deleted is removed, and without waiting: its tombstone proves that someone ordered it;
- one whose conversation was deleted is removed too: the order would have covered it, had its record been there;
- one that carries the essentials of a record is adopted: the record was lost, the upload may have been acknowledged;
- any other is removed, under a tombstone.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from libs.objects.store import ObjectInfo, ObjectStore
from services.storage.deletion_store import DeletionStore
from services.storage.reconcile.adoption import adoptable, conversation_of, rebuild
from services.storage.reconcile.custody_store import CustodyStore
from services.storage.reconcile.fingerprint import fingerprint
from services.storage.reconcile.rules import Counts, Outcome, Round

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Orphan:
    """An object, and the file its key names."""

    file_id: UUID
    info: ObjectInfo

    @property
    def is_file(self) -> bool:
        """Whether it is the file's object itself, not something kept beside it."""
        return self.info.key == str(self.file_id)


class Orphans:
    """Judges objects that were found without a record."""

    def __init__(
        self,
        *,
        store: CustodyStore,
        graves: DeletionStore,
        objects: ObjectStore,
        quarantine: timedelta,
        link_lifetime: timedelta,
    ) -> None:
        self._store = store
        self._graves = graves
        self._objects = objects
        self._quarantine = quarantine
        self._link_lifetime = link_lifetime

    async def judge(self, orphans: Sequence[Orphan], current: Round) -> Counts:
        """Do with each what is due. Tombstones are read after records, and are written before records are removed."""
        counts: Counts = Counter()
        buried = await self._graves.list_buried({orphan.file_id for orphan in orphans})
        for orphan in orphans:
            if orphan.file_id in buried:
                await self._objects.delete(orphan.info.key)
                counts[Outcome.ORPHANS_REMOVED] += 1
            elif orphan.info.modified_at + self._quarantine > current.now:
                counts[Outcome.ORPHANS_WAITING] += 1
            else:
                counts += await self._release(orphan, current)
        return counts

    async def _release(self, orphan: Orphan, current: Round) -> Counts:
        """Adopt or remove one whose quarantine is over; listings carry no metadata, so it is asked for now."""
        found = await self._objects.find(orphan.info.key)
        if found is None:
            return Counter()
        if not orphan.is_file:
            await self._objects.delete(orphan.info.key)
            return Counter({Outcome.ORPHANS_REMOVED: 1})
        if adoptable(found) and not await self._conversation_deleted(found):
            return Counter({Outcome.ORPHANS_ADOPTED: await self._adopt(orphan, found)})
        first = await self._graves.bury_orphan(uuid4(), orphan.file_id, found.size_bytes, current.now)
        await self._objects.delete(orphan.info.key)
        return Counter({Outcome.ORPHANS_REMOVED: int(first)})

    async def _conversation_deleted(self, found: ObjectInfo) -> bool:
        conversation_id = conversation_of(found.metadata)
        return conversation_id is not None and bool(await self._graves.list_buried({conversation_id}))

    async def _adopt(self, orphan: Orphan, found: ObjectInfo) -> int:
        stored = await fingerprint(self._objects, orphan.info.key)
        adopted = await self._store.adopt(rebuild(orphan.file_id, found, stored, link_lifetime=self._link_lifetime))
        if adopted:
            _log.warning("record rebuilt from its object", extra={"file_id": str(orphan.file_id)})
        return int(adopted)
