"""Which files a turn uses and in what state they are (design §2.6 and §2.7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.contracts.records import ExtractionRecord, FileRecord
from services.gateway.auth.models import Principal
from services.gateway.chat.errors import FileInactive
from services.gateway.chat.models import TurnRequest
from services.gateway.files.extractions import ExtractionReader
from services.gateway.files.selection import select
from services.gateway.files.status import ProcessingStatus, current_run, has_text, processing_status
from services.gateway.files.store import FileStore
from services.gateway.files.upload import UploadService


@dataclass(frozen=True)
class Source:
    """A file of the turn with the run over it that counts, if one has begun."""

    file: FileRecord
    run: ExtractionRecord | None
    status: ProcessingStatus

    @property
    def readable(self) -> bool:
        """Whether there is text of it: all there is, or the pages read before reading broke off."""
        return has_text(self.run)


class Sources:
    """Finds a turn's files: the conversation's own and the shared ones, as far as the request wants them.

    Files sent with the message are always of the turn: references and filter choose among those that were there before.
    An inactive file that a reference names is refused, because using it and leaving it out would both go against
    something its owner said.
    """

    def __init__(self, files: FileStore, extractions: ExtractionReader, uploads: UploadService) -> None:
        self._files = files
        self._extractions = extractions
        self._uploads = uploads

    async def choose(
        self,
        principal: Principal,
        agent_id: str,
        conversation_id: UUID,
        request: TurnRequest,
        new: Collection[UUID] = (),
    ) -> list[FileRecord]:
        """Return the turn's files, oldest first.

        Raises ``FileNotFound`` or ``FileInactive`` naming the reference, and ``InvalidRequest`` for a wrong filter.
        """
        visible = await self._files.list_visible(principal, agent_id, conversation_id)
        earlier = [file for file in visible if file.id not in new]
        metadata_filter = request.search_params.filter if request.search_params else None
        chosen = select(earlier, request.file_references, metadata_filter)
        inactive = next((file.id for file in chosen if not file.active), None)
        if inactive is not None:
            raise FileInactive(f"The file {inactive} is inactive; set it active to use it.", file_id=str(inactive))
        wanted = {file.id for file in chosen} | set(new)
        return [file for file in visible if file.id in wanted]

    async def settle(
        self, principal: Principal, agent_id: str, conversation_id: UUID, files: Sequence[FileRecord], wait: timedelta
    ) -> list[Source]:
        """Return the files with their state, having waited up to ``wait`` for those that are being processed.

        A file that was deleted or set inactive meanwhile is no longer among them.
        """
        sources = await self._sources(files)
        if all(source.status is not ProcessingStatus.PROCESSING for source in sources):
            return sources
        await self._uploads.wait_ended([file.id for file in files], wait)
        wanted = {file.id for file in files}
        visible = await self._files.list_visible(principal, agent_id, conversation_id)
        return await self._sources([file for file in visible if file.id in wanted and file.active])

    async def _sources(self, files: Sequence[FileRecord]) -> list[Source]:
        runs = await self._extractions.find_many([file.id for file in files])
        return [
            Source(file, current_run(file, runs.get(file.id)), processing_status(file, runs.get(file.id)))
            for file in files
        ]
