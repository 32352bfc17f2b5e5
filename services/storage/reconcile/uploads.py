"""Uploads cut off by a crash: completed when their bytes had arrived, removed when not.

An object exists in S3 only when it is whole: a PUT is checked against its length, and a multipart upload becomes an
object when it is completed. So the object decides, not the client's answer, which may have been lost on the way.
"""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

from libs.clock import now
from libs.contracts.records import FileRecord, Outbox
from libs.logs import REQUEST_ID
from libs.objects.store import ObjectInfo, ObjectStore, StoredObject
from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.reconcile.fingerprint import fingerprint
from services.storage.reconcile.keys import file_id_of
from services.storage.reconcile.rules import Counts, Outcome, Round, new_order
from services.storage.reconcile.upload_store import UploadStore
from services.storage.settings import ReconcileSettings

_BATCH = 100
_KIND = "expired_upload"


class InterruptedUploads:
    """Ends every ``receiving`` record past its deadline."""

    name: ClassVar[str] = "interrupted uploads"

    def __init__(
        self,
        *,
        store: UploadStore,
        objects: ObjectStore,
        deletions: DeletionService,
        settings: ReconcileSettings,
        link_lifetime: timedelta,
    ) -> None:
        self._store = store
        self._objects = objects
        self._deletions = deletions
        self._settings = settings
        self._link_lifetime = link_lifetime

    async def run(self, current: Round) -> Counts:
        """Claim each overdue upload, then complete or condemn it; the condemned go under one order."""
        counts: Counts = Counter()
        order = new_order(_KIND, current.now)
        while overdue := await self._store.list_overdue(current.now, _BATCH):
            for file in overdue:
                claimed = await self._store.claim(file, now() + self._settings.upload_claim)
                if claimed is None:
                    continue
                found = await self._objects.find(str(file.id))
                if found is not None and found.size_bytes:
                    counts[Outcome.UPLOADS_COMPLETED] += await self._complete(claimed, found)
                else:
                    counts[Outcome.UPLOADS_CONDEMNED] += await self._store.condemn(claimed, order)
        if counts[Outcome.UPLOADS_CONDEMNED]:
            await self._deletions.carry_out(order.id)
        return counts

    async def _complete(self, file: FileRecord, found: ObjectInfo) -> bool:
        stored = await fingerprint(self._objects, str(file.id))
        return await self._store.complete(
            file, completed_fields(file, stored, found, link_lifetime=self._link_lifetime)
        )


def completed_fields(
    file: FileRecord, stored: StoredObject, found: ObjectInfo, *, link_lifetime: timedelta
) -> dict[str, Any]:
    """Give what the gateway would have written after the last byte, the job in the outbox included."""
    fields: dict[str, Any] = {
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "uploaded_at": found.modified_at,
        "link_expires_at": found.modified_at + link_lifetime,
    }
    if not file.skip_extraction:
        moment = now()
        fields["extract_requested_at"] = moment
        fields["outbox"] = Outbox(next_at=moment, request_id=REQUEST_ID.get()).model_dump()
    return fields


class StaleUploads:
    """Aborts multipart uploads that nobody continues: their parts take space that no listing shows."""

    name: ClassVar[str] = "stale uploads"

    def __init__(
        self, *, store: UploadStore, objects: ObjectStore, graves: DeletionStore, settings: ReconcileSettings
    ) -> None:
        self._store = store
        self._objects = objects
        self._graves = graves
        self._patience = settings.receive_deadline + settings.upload_margin

    async def run(self, current: Round) -> Counts:
        """Abort what is old or deleted, except for a file whose record still gives its upload time."""
        counts: Counts = Counter()
        uploads = [(file_id_of(upload.key), upload) async for upload in self._objects.list_uploads()]
        ids = {file_id for file_id, _ in uploads if file_id is not None}
        alive = await self._store.list_receiving(ids, current.now)
        dead = await self._graves.list_buried(ids)
        for file_id, upload in uploads:
            old = upload.started_at + self._patience <= current.now
            if file_id is not None and file_id not in alive and (old or file_id in dead):
                await self._objects.abort_upload(upload.key, upload.upload_id)
                counts[Outcome.UPLOADS_ABORTED] += 1
        return counts
