"""Take a file in, losing nothing (design §2.3).

Its first bytes are looked at before anything is written. Then: record ``receiving`` with a deadline → bytes to the
object store, with the record's essentials as metadata → one update to ``stored`` with the outbox entry → job to the
broker. A crash anywhere leaves a record whose deadline storage watches, or an outbox entry that storage publishes.
Whatever fails in between condemns the record at once, so that nothing is left behind.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.records import FileRecord, FileState
from libs.objects.store import ObjectStore, StoredObject
from services.gateway.auth.models import Principal
from services.gateway.deletions.service import DeletionService
from services.gateway.events.waiters import Waiters
from services.gateway.files.allowance import Allowance
from services.gateway.files.deadline import upload_deadline
from services.gateway.files.discard import Discarder
from services.gateway.files.dispatch import Dispatcher
from services.gateway.files.errors import UploadExpired
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.intake import Intake
from services.gateway.files.multipart import FileField
from services.gateway.files.names import display_name
from services.gateway.files.sniffing import check_content
from services.gateway.files.store import FileStore, outbox_document
from services.gateway.files.types import type_by_name
from services.gateway.files.watch import ProcessingWatch
from services.gateway.settings import Settings

_MAX_DECLARED_CHARACTERS = 255


@dataclass(frozen=True)
class UploadOptions:
    """What the fields beside a file say."""

    conversation_id: UUID | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    skip_extraction: bool = False


@dataclass(frozen=True)
class ReceivedFile:
    """A file whose bytes are in the object store and which nobody sees yet."""

    record: FileRecord
    stored: StoredObject


ConversationRequired = Callable[[UUID], Awaitable[None]]
"""Raises ``ConversationNotFound`` for a conversation that is gone or being deleted."""


class UploadService:
    """Receives, completes and gives up uploads, and waits for what becomes of them."""

    def __init__(
        self,
        *,
        files: FileStore,
        extractions: ExtractionReader,
        objects: ObjectStore,
        publisher: Publisher,
        deletions: DeletionService,
        waiters: Waiters,
        require_conversation: ConversationRequired,
        settings: Settings,
    ) -> None:
        self._files = files
        self._objects = objects
        self._dispatcher = Dispatcher(files, publisher)
        self._discarder = Discarder(deletions)
        self._watch = ProcessingWatch(files, extractions, waiters)
        self._require_conversation = require_conversation
        self._settings = settings
        self._allowance = Allowance(files, settings.limits)

    async def receive(
        self, principal: Principal, agent_id: str, incoming: FileField, *, conversation_id: UUID | None = None
    ) -> ReceivedFile:
        """Stream one file into the object store.

        ``conversation_id`` is where the file will go as far as is known by now; ``complete`` has the last word.
        Raises ``UnsupportedFileType``, ``EmptyFile``, ``FileTooLarge``, ``QuotaExceeded`` or ``UploadExpired``, and
        whatever reading the request raises; after any of them nothing is left but what storage is about to remove.
        """
        async with upload_deadline(self._settings.receive_deadline):
            filename = display_name(incoming.filename)
            expected = type_by_name(filename)
            intake = Intake(
                incoming.chunks,
                max_bytes=self._settings.limits.max_upload_size,
                quota_left=await self._allowance.bytes_left(principal.app_id, principal.id),
            )
            media_type = check_content(await intake.head(), expected)
            record = self._new_record(principal, agent_id, filename, media_type).model_copy(
                update={
                    "conversation_id": conversation_id,
                    "declared_type": incoming.content_type[:_MAX_DECLARED_CHARACTERS] or "application/octet-stream",
                }
            )
            await self._files.create(record)
            async with self._discarded_on_failure(record):
                stored = await self._objects.put(
                    str(record.id), intake.chunks(), content_type=media_type, metadata=_essentials(record)
                )
        return ReceivedFile(record, stored)

    async def complete(self, received: ReceivedFile, options: UploadOptions, *, request_id: str) -> FileRecord:
        """Make a received file visible and have it extracted. The caller has checked the conversation.

        It is checked again once the file is stored: a deletion that began before would have missed the file, one that
        begins later finds it. Raises ``TooManyFiles``, ``QuotaExceeded``, ``UploadExpired`` or ``ConversationNotFound``
        and then discards the file.
        """
        record = self._completed(received, options)
        changes = record.model_dump(include=_COMPLETED_FIELDS)
        async with self._discarded_on_failure(record):
            if self._allowance.limited:
                await self._take_place(record, changes)
        async with self._discarded_on_failure(record, even_if_stored=True):
            if record.extract_requested_at is not None:
                changes["outbox"] = outbox_document(record.extract_requested_at, request_id)
            if not await self._files.advance(record.id, changes | {"state": FileState.STORED, "receive_until": None}):
                raise UploadExpired
            if record.conversation_id is not None:
                await self._require_conversation(record.conversation_id)
        await self._dispatcher.dispatch(record, request_id=request_id)
        return record

    async def stop(self) -> None:
        """Give up discarding what cannot be discarded now."""
        await self._discarder.stop()

    async def abandon(self, received: Sequence[ReceivedFile]) -> None:
        """Discard received files, because a later field was wrong or the request died; completed ones are left alone.

        Never fails, and takes no longer for many files than for one.
        """
        await asyncio.gather(*(self._discarder.discard(file.record) for file in received))

    async def take_back(self, files: Sequence[FileRecord]) -> None:
        """Discard completed files together with the request that brought them; as ``abandon`` otherwise."""
        await asyncio.gather(*(self._discarder.discard(file, even_if_stored=True) for file in files))

    async def wait_ended(self, file_ids: Collection[UUID], timeout: timedelta) -> None:  # noqa: ASYNC109 - running out of time is no error here
        """Return when none of these files is being processed any more, or after ``timeout``."""
        await self._watch.wait_ended(file_ids, timeout)

    async def _take_place(self, record: FileRecord, changes: dict[str, Any]) -> None:
        if not await self._files.advance(record.id, changes):
            raise UploadExpired
        await self._allowance.check(record)

    def _new_record(self, principal: Principal, agent_id: str, filename: str, media_type: str) -> FileRecord:
        moment = now()
        return FileRecord(
            id=uuid4(),
            app_id=principal.app_id,
            agent_id=agent_id,
            owner=principal.id,
            filename=filename,
            declared_type="",
            media_type=media_type,
            state=FileState.RECEIVING,
            created_at=moment,
            receive_until=moment + self._settings.receive_deadline,
            retain_until=self._retain_until(moment),
        )

    def _retain_until(self, moment: datetime) -> datetime | None:
        retention = self._settings.retention
        return moment + retention if retention is not None else None

    def _completed(self, received: ReceivedFile, options: UploadOptions) -> FileRecord:
        moment = now()
        changes = {
            "conversation_id": options.conversation_id,
            "metadata": options.metadata,
            "skip_extraction": options.skip_extraction,
            "size_bytes": received.stored.size_bytes,
            "sha256": received.stored.sha256,
            "uploaded_at": moment,
            "link_expires_at": moment + self._settings.links.link_lifetime,
            "retain_until": self._retain_until(moment),
            "extract_requested_at": None if options.skip_extraction else moment,
            "state": FileState.STORED,
        }
        return received.record.model_copy(update=changes)

    @asynccontextmanager
    async def _discarded_on_failure(self, record: FileRecord, *, even_if_stored: bool = False) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            await self._discarder.discard(record, even_if_stored=even_if_stored)
            raise


_COMPLETED_FIELDS = {
    "conversation_id",
    "metadata",
    "skip_extraction",
    "size_bytes",
    "sha256",
    "uploaded_at",
    "link_expires_at",
    "retain_until",
    "extract_requested_at",
}


def _essentials(record: FileRecord) -> dict[str, str]:
    """Give what storage needs to adopt an object whose record was lost, as far as it is known by now."""
    return {
        "app_id": record.app_id,
        "agent_id": record.agent_id,
        "owner": record.owner,
        "conversation_id": str(record.conversation_id or ""),
        "filename": record.filename,
        "declared_type": record.declared_type,
        "media_type": record.media_type,
        "skip_extraction": str(record.skip_extraction).lower(),
        "uploaded_at": record.created_at.isoformat(),
        "retain_until": record.retain_until.isoformat() if record.retain_until else "",
    }
