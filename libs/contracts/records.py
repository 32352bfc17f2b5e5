"""The documents in MongoDB, one class per collection (design: one writer each, removal is storage's alone).

``files`` is written by the gateway; storage alone marks a re-dispatch or completes an interrupted upload.
``extractions`` and ``pages`` are written by extraction, ``deletions`` by storage.
"""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A stored document; ``id`` is MongoDB's ``_id``."""

    model_config = ConfigDict(populate_by_name=True, frozen=True, extra="ignore")

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read a document as the driver returns it."""
        return cls.model_validate(document)

    def to_document(self) -> dict[str, Any]:
        """Give the document as the driver stores it, ``None`` values included."""
        return self.model_dump(by_alias=True)


class FileState(StrEnum):
    """Where a file's bytes are: on their way in, safe, or on their way out."""

    RECEIVING = auto()
    STORED = auto()
    DELETING = auto()


class Outbox(BaseModel):
    """A job not yet handed to the broker, embedded in its file so that both are written at once."""

    model_config = ConfigDict(frozen=True)

    attempts: int = 0
    next_at: datetime
    request_id: str


class DeletionOrder(BaseModel):
    """Why and since when a record is condemned; ``id`` is shared by everything one request condemned."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: str
    requested_by: str
    requested_at: datetime


class FileRecord(Record):
    """What a user attached: identity, custody of its bytes and its lifetime. The object's key is the id."""

    id: UUID = Field(alias="_id")
    app_id: str
    agent_id: str
    owner: str
    conversation_id: UUID | None = None
    filename: str
    declared_type: str
    media_type: str
    size_bytes: int = 0
    sha256: str = ""
    state: FileState
    active: bool = True
    metadata: dict[str, Any] = Field(default_factory=dict)
    skip_extraction: bool = False
    created_at: datetime
    receive_until: datetime | None = None
    uploaded_at: datetime | None = None
    link_expires_at: datetime | None = None
    link_epoch: int = 0
    retain_until: datetime | None = None
    extract_requested_at: datetime | None = None
    outbox: Outbox | None = None
    dispatched_at: datetime | None = None
    deletion: DeletionOrder | None = None


class ExtractionStatus(StrEnum):
    """How far one run over one file has come; the last three are final."""

    QUEUED = auto()
    RUNNING = auto()
    SUCCEEDED = auto()
    SKIPPED = auto()
    FAILED = auto()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to this run."""
        return self in {ExtractionStatus.SUCCEEDED, ExtractionStatus.SKIPPED, ExtractionStatus.FAILED}


class Lease(BaseModel):
    """Who works on a file and until when; ``token`` fences writes of an owner that lost it."""

    model_config = ConfigDict(frozen=True)

    owner: str
    until: datetime
    token: UUID


class ExtractionFailure(BaseModel):
    """Why a document could not be read: a code from the contract and a sentence that says what to do."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class DocumentInfo(BaseModel):
    """What a document says of itself. Lists hold plain descriptions; nothing here is a path to open."""

    model_config = ConfigDict(frozen=True)

    title: str | None = None
    author: str | None = None
    created_at: datetime | None = None
    language: str | None = None
    word_count: int = 0
    outline: list[dict[str, Any]] = Field(default_factory=list)
    links: list[str] = Field(default_factory=list)
    attachments: list[str] = Field(default_factory=list)
    encrypted: bool = False
    signed: bool = False
    macros: bool = False
    ocr_pages: list[int] = Field(default_factory=list)


class ExtractionRecord(Record):
    """The latest run over a file: its lease while it runs, its result once it ended. ``id`` is the file's id.

    ``requested_at`` copies the file's ``extract_requested_at``: a newer request than the record's asks for a new run.
    """

    id: UUID = Field(alias="_id")
    sha256: str
    requested_at: datetime
    status: ExtractionStatus
    error: ExtractionFailure | None = None
    attempt: int = 0
    lease: Lease | None = None
    media_type: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    page_count: int | None = None
    char_count: int = 0
    token_count: int = 0
    preview: str = ""
    document: DocumentInfo = Field(default_factory=DocumentInfo)
    warnings: list[str] = Field(default_factory=list)
    started_at: datetime | None = None
    ended_at: datetime | None = None


class PageKey(BaseModel):
    """A page's ``_id``: field order matters to MongoDB, which compares embedded documents as written."""

    model_config = ConfigDict(frozen=True)

    file_id: UUID
    number: int


class PageRecord(Record):
    """The unit of extracted text; ``number`` counts from 1 as the document itself does."""

    id: PageKey = Field(alias="_id")
    label: str | None = None
    text: str
    char_count: int
    ocr: bool = False
    quality: float = 1.0


class DeletionRecord(Record):
    """The receipt of a deletion: what was condemned by whom, and how much of everything was destroyed."""

    id: UUID = Field(alias="_id")
    kind: str
    requested_by: str
    requested_at: datetime
    counts: dict[str, int] = Field(default_factory=dict)
    completed_at: datetime | None = None
