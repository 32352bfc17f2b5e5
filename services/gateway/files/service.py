"""Show, change, link and reprocess files."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.clock import now
from libs.contracts.records import ExtractionRecord, FileRecord
from libs.links.settings import MAX_LIFETIME
from libs.links.tokens import LinkSigner
from libs.mongo.database import OUTAGES
from services.gateway.auth.models import Principal
from services.gateway.files.content import ContentReader
from services.gateway.files.dispatch import Dispatcher
from services.gateway.files.errors import FileNotFound
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.models import DownloadLink, FileBody, FileChanges, FileDetails, FileList
from services.gateway.files.store import FileStore, outbox_document
from services.gateway.files.views import FileView

_log = logging.getLogger(__name__)

ConversationCheck = Callable[[Principal, str, UUID], Awaitable[object]]
"""``(principal, agent_id, conversation_id)``: raises when the caller has no such conversation."""


class FileService:
    """What can be done with files that are there; a stranger's raises ``FileNotFound`` like one that is not."""

    def __init__(
        self,
        *,
        files: FileStore,
        extractions: ExtractionReader,
        dispatcher: Dispatcher,
        links: LinkSigner,
        conversation_exists: ConversationCheck,
    ) -> None:
        self._files = files
        self._extractions = extractions
        self._dispatcher = dispatcher
        self._links = links
        self._conversation_exists = conversation_exists
        self._view = FileView(links)
        self.content = ContentReader(extractions)

    async def check_conversation(self, principal: Principal, agent_id: str, conversation_id: UUID | None) -> None:
        """Raise ``ConversationNotFound`` when a conversation is named that the caller does not have."""
        if conversation_id is not None:
            await self._conversation_exists(principal, agent_id, conversation_id)

    async def list(self, principal: Principal, agent_id: str, conversation_id: UUID | None) -> FileList:
        """List the shared files, and with a conversation those it sees. Raises ``ConversationNotFound``."""
        await self.check_conversation(principal, agent_id, conversation_id)
        files = await self._files.list_visible(principal, agent_id, conversation_id)
        return self._view.listing(files, await self._extractions.find_many([file.id for file in files]))

    async def get(self, principal: Principal, agent_id: str, file_id: UUID) -> FileDetails:
        """Show one file. Raises ``FileNotFound``."""
        file, extraction = await self.find_with_extraction(principal, agent_id, file_id)
        return self._view.details(file, extraction)

    async def show(self, file: FileRecord, message: str = "") -> FileBody:
        """Show a file, with what extraction has found by now."""
        return self._view.body(file, await self._extractions.find(file.id), message)

    async def show_new(self, file: FileRecord) -> FileBody:
        """Show a file just attached; it is safe by now, so an outage of the database only hides how far it is."""
        try:
            return await self.show(file)
        except OUTAGES as error:
            _log.warning("progress of a new file not known", extra={"cause": repr(error)})
            return self._view.body(file, None)

    async def change(self, principal: Principal, agent_id: str, file_id: UUID, changes: FileChanges) -> FileBody:
        """Change what the request names and nothing else. Raises ``FileNotFound``."""
        names = {"is_active": "active", "metadata": "metadata"}
        fields = {names[name]: getattr(changes, name) for name in changes.model_fields_set}
        file = await self._changed(principal, agent_id, file_id, fields)
        return await self.show(file, "File updated successfully")

    async def link(
        self, principal: Principal, agent_id: str, file_id: UUID, expires_in: timedelta | None
    ) -> DownloadLink:
        """Sign a fresh link that lives ``expires_in``, 30 days when not said. Raises ``FileNotFound``.

        It counts from now, and never outlives the file's own retention.
        """
        file, _ = await self.find_with_extraction(principal, agent_id, file_id)
        expires_at = now() + min(expires_in or MAX_LIFETIME, MAX_LIFETIME)
        if file.retain_until is not None:
            expires_at = min(expires_at, file.retain_until)
        url = self._links.url(file.id, expires_at=expires_at, epoch=file.link_epoch)
        return DownloadLink(download_url=url, expires_at=expires_at)

    async def reprocess(self, principal: Principal, agent_id: str, file_id: UUID, *, request_id: str) -> FileBody:
        """Have a file extracted anew, also one whose upload skipped it. Raises ``FileNotFound``."""
        file, _ = await self.find_with_extraction(principal, agent_id, file_id)
        moment = now()
        fields = {
            "extract_requested_at": moment,
            "skip_extraction": False,
            "dispatched_at": None,
            "outbox": outbox_document(moment, request_id),
        }
        file = await self._changed(principal, agent_id, file_id, fields)
        await self._dispatcher.dispatch(file, request_id=request_id)
        return self._view.body(file, None, "File is being processed again")

    async def find_with_extraction(
        self, principal: Principal, agent_id: str, file_id: UUID
    ) -> tuple[FileRecord, ExtractionRecord | None]:
        """Return a file and the latest run over it. Raises ``FileNotFound``."""
        file = await self._files.find(principal, agent_id, file_id)
        if file is None:
            raise FileNotFound
        return file, await self._extractions.find(file_id)

    async def _changed(self, principal: Principal, agent_id: str, file_id: UUID, fields: dict[str, Any]) -> FileRecord:
        if not fields:
            file, _ = await self.find_with_extraction(principal, agent_id, file_id)
            return file
        changed = await self._files.update(principal, agent_id, file_id, fields)
        if changed is None:
            raise FileNotFound
        return changed
