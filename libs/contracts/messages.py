"""The messages on the broker. Bodies are small: ids and times, never content.

A job or command asks for something, an event says what happened. Every message travels in an envelope (see
``libs.amqp.envelope``); its ``type`` is the class's name.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """What an envelope carries. ``version`` rises when a reader of the old shape would misread the new one."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    version: ClassVar[int] = 1


class ExtractFile(Message):
    """Job: extract this file, whose bytes hash to ``sha256``, unless a run at least as new has ended.

    ``tenant`` is whose job it is, so that nobody's jobs wait behind all of another's; ``heavy`` ones take seconds or
    minutes and do not stand in the way of the others.
    """

    file_id: UUID
    sha256: str
    requested_at: datetime
    tenant: str = ""
    heavy: bool = False


class DeleteFiles(Message):
    """Command to storage: destroy everything that carries this deletion order."""

    deletion_id: UUID


class FileEvent(Message):
    """Something happened to one file; conversation and owner let a replica route it without a look-up."""

    file_id: UUID
    app_id: str
    owner: str
    conversation_id: UUID | None = None


class FileProgress(FileEvent):
    """Pages finished so far."""

    pages_done: int
    page_count: int | None = None


class FileProcessed(FileEvent):
    """Extraction ended with a result, which may be that there is no text."""


class FileFailed(FileEvent):
    """Extraction ended without a result; ``code`` is one of the contract's error codes."""

    code: str


class FilesDeleted(Message):
    """A deletion order was carried out in full."""

    deletion_id: UUID
