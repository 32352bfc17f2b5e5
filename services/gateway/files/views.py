"""Show records as bodies. What a file looks like to clients is decided here and nowhere else."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from uuid import UUID

from libs.contracts.records import DocumentInfo, ExtractionRecord, FileRecord, PageRecord
from libs.links.tokens import LinkSigner
from services.gateway.files.display import size_display
from services.gateway.files.models import FileBody, FileDetails, FileError, FileList, PageBody
from services.gateway.files.status import current_run, has_text, processing_status
from services.gateway.files.types import ending_of

PREVIEW_CHARACTERS = 200


class FileView:
    """Joins a file with its extraction; ``links`` signs its download link, which is the same every time it is shown."""

    def __init__(self, links: LinkSigner) -> None:
        self._links = links

    def body(self, file: FileRecord, extraction: ExtractionRecord | None, message: str = "") -> FileBody:
        """Show a stored file; ``message`` says what was done to it."""
        run = current_run(file, extraction)
        ended = run if run is not None and run.status.ended else None
        readable = ended if has_text(run) else None
        uploaded_at, expires_at = file.uploaded_at or file.created_at, file.link_expires_at or file.created_at
        body = FileBody(
            file_id=file.id,
            filename=file.filename,
            file_type=_file_type(file),
            mime_type=file.media_type,
            file_size_bytes=file.size_bytes,
            file_size_display=size_display(file.size_bytes),
            sha256=file.sha256,
            uploaded_at=uploaded_at,
            processing_status=processing_status(file, extraction),
            content_preview=readable.preview[:PREVIEW_CHARACTERS] if readable else "",
            has_extractable_content=readable is not None,
            page_count=ended.page_count if ended else None,
            token_count=readable.token_count if readable else None,
            language=ended.document.language if ended else None,
            warnings=ended.warnings if ended else [],
            error=FileError(code=ended.error.code, message=ended.error.message) if ended and ended.error else None,
            is_active=file.active,
            conversation_id=file.conversation_id,
            metadata=file.metadata,
            download_url=self._links.url(file.id, expires_at=expires_at, epoch=file.link_epoch),
            download_expires_at=expires_at,
        )
        return body.model_copy(update={"message": message}) if message else body

    def details(self, file: FileRecord, extraction: ExtractionRecord | None) -> FileDetails:
        """Show a file with what its document says of itself."""
        run = current_run(file, extraction)
        document = run.document if run is not None and run.status.ended else DocumentInfo()
        return FileDetails(**self.body(file, extraction).model_dump(), document=document)

    def listing(self, files: list[FileRecord], extractions: Mapping[UUID, ExtractionRecord]) -> FileList:
        """Show several files with their total size."""
        total = sum(file.size_bytes for file in files)
        return FileList(
            files=[self.body(file, extractions.get(file.id)) for file in files],
            total_size_bytes=total,
            total_size_display=size_display(total),
        )


def page_body(page: PageRecord) -> PageBody:
    """Show one page."""
    return PageBody(
        number=page.id.number,
        label=page.label,
        text=page.text,
        ocr=page.ocr,
        quality=page.quality,
        char_count=page.char_count,
    )


def _file_type(file: FileRecord) -> str:
    return ending_of(file.filename).removeprefix(".") or PurePosixPath(file.media_type).name
