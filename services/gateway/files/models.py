"""Files as clients see them: the bodies of requests and answers."""

import json
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from libs.contracts.records import DocumentInfo
from libs.links.settings import MAX_LIFETIME
from services.gateway.deletions.models import DeletionReceipt
from services.gateway.files.metadata import Metadata
from services.gateway.files.status import ProcessingStatus

MAX_PAGES_PER_ANSWER = 1000


def _parsed(value: Any) -> Any:
    """Read JSON text, which is what a form field holds; anything else is for the field's type to judge."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError("not a JSON object") from error


def _absent_if_blank(value: Any) -> Any:
    """Treat an empty form field or query value as absent."""
    return None if isinstance(value, str) and not value.strip() else value


BlankableUuid = Annotated[UUID | None, BeforeValidator(_absent_if_blank)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttachQuery(_Request):
    """The query of an upload."""

    wait: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="seconds to wait for extraction, at most 60; 0 answers at once"
    )

    def bounded(self, default: timedelta, longest: timedelta) -> timedelta:
        """Return how long to wait: the default when not said, never more than ``longest``."""
        if self.wait is None:
            return default
        return timedelta(seconds=min(self.wait, longest.total_seconds()))


class AttachForm(_Request):
    """The fields beside ``file``, in any order."""

    conversation_id: BlankableUuid = Field(
        None, description="the conversation the file belongs to; without one, all conversations with the agent see it"
    )
    metadata: Annotated[Metadata, BeforeValidator(_parsed)] = Field(
        default_factory=dict, description="a JSON object of your own; `search_params.filter` selects by it"
    )
    skip_extraction: Annotated[bool, BeforeValidator(lambda value: value if value != "" else False)] = Field(
        default=False, description="store the file without reading it"
    )


class ListQuery(_Request):
    """Which files to list."""

    conversation_id: BlankableUuid = Field(
        None, description="list what this conversation sees: its own files and the shared ones"
    )


class FileChanges(_Request):
    """What can be changed about a file; what is absent stays."""

    is_active: bool = Field(default=True, description="whether turns use the file unless told otherwise")
    metadata: Metadata = Field(default_factory=dict, description="replaces the file's metadata")


class ContentFormat(StrEnum):
    """How pages are answered."""

    JSON = auto()
    TEXT = auto()
    MARKDOWN = auto()


class ContentQuery(_Request):
    """Which pages to answer, and how."""

    page: int = Field(1, ge=1, le=2**31 - 1, description="first page wanted")
    limit: int | None = Field(None, ge=1, le=MAX_PAGES_PER_ANSWER, description="how many pages at most")
    format: ContentFormat = Field(ContentFormat.JSON, description="JSON, or the text with a form feed between pages")


class LinkRequest(_Request):
    """How long a fresh link shall work."""

    expires_in: int | None = Field(
        None, ge=1, le=int(MAX_LIFETIME.total_seconds()), description="seconds, at most 30 days, which is the default"
    )


class FileError(BaseModel):
    """Why a document could not be read."""

    code: str = Field(description="encrypted, corrupt, too_many_pages, timeout, … : stable, to program against")
    message: str = Field(description="the same in a sentence")


class FileBody(BaseModel):
    """A file, with everything known about it."""

    success: bool = Field(default=True, description="true")
    message: str = Field("File attached successfully", description="what was done, for people")
    file_id: UUID = Field(description="identifies the file in every other call")
    filename: str = Field(description="the name it was uploaded under")
    file_type: str = Field(description="the name's ending without its dot, in lower case")
    mime_type: str = Field(description="media type, as far as the content does not contradict the name")
    file_size_bytes: int = Field(description="size in bytes")
    file_size_display: str = Field(description="size for people, such as 2.50 MB")
    sha256: str = Field(description="SHA-256 of the bytes, in hexadecimal")
    uploaded_at: datetime = Field(description="when the upload was complete")
    processing_status: ProcessingStatus = Field(description="how far extraction is")
    content_preview: str = Field(description="the first 200 characters of the text, or nothing")
    has_extractable_content: bool = Field(
        description="whether there is text: also when status is error and pages were read before"
    )
    page_count: int | None = Field(description="pages, slides, sheets or sections, once known")
    token_count: int | None = Field(description="tokens of the whole text, once known")
    language: str | None = Field(description="ISO 639-1, where it could be told")
    warnings: list[str] = Field(description="codes of what is odd about the document, such as no_text")
    error: FileError | None = Field(description="why processing_status is error")
    is_active: bool = Field(description="whether turns use the file unless told otherwise")
    conversation_id: UUID | None = Field(description="the conversation it belongs to; null when shared by all")
    metadata: dict[str, Any] = Field(description="what its owner attached to it")
    download_url: str = Field(description="downloads the bytes without credentials until download_expires_at")
    download_expires_at: datetime = Field(description="when download_url ends, 30 days after the upload")


class FileDetails(FileBody):
    """A file with what the document says of itself."""

    document: DocumentInfo = Field(description="title, author, outline, links and the like")


class FileList(BaseModel):
    """The files that are attached."""

    files: list[FileBody] = Field(description="in the order they were uploaded")
    total_size_bytes: int = Field(description="sum of their sizes")
    total_size_display: str = Field(description="the same for people")


class PageBody(BaseModel):
    """One page of extracted text."""

    number: int = Field(description="counts from 1 as the document itself does")
    label: str | None = Field(description="sheet, slide title or heading")
    text: str = Field(description="the text")
    ocr: bool = Field(description="whether it was read from a picture")
    quality: float = Field(description="0 to 1: how legible it was")
    char_count: int = Field(description="characters of the text")


class FileContent(BaseModel):
    """Pages of a file, as many as asked for and as fit one answer."""

    file_id: UUID = Field(description="the file")
    page_count: int = Field(description="pages of the whole document")
    pages: list[PageBody] = Field(description="the pages, in order")
    next_page: int | None = Field(description="the `page` to ask for next; null at the end")


class DownloadLink(BaseModel):
    """A link that needs no credentials."""

    download_url: str = Field(description="downloads the bytes until expires_at")
    expires_at: datetime = Field(description="when it ends")


class FileDetached(BaseModel):
    """A file is gone: no list, turn or link shows it any more."""

    success: bool = Field(default=True, description="true")
    message: str = Field("File detached successfully", description="what was done, for people")
    file_id: UUID = Field(description="the file that was")
    receipt: DeletionReceipt = Field(description="what was destroyed")
