"""Which message goes where. A class that stands nowhere here cannot be published or read."""

from collections.abc import Mapping

from libs.amqp.topology import EXTRACTION_FILES, EXTRACTION_HEAVY, STORAGE_DELETIONS, WorkQueue
from libs.contracts.messages import (
    DeleteFiles,
    ExtractFile,
    FileFailed,
    FileProcessed,
    FileProgress,
    FilesDeleted,
    Message,
)

EVENT_KEYS: Mapping[type[Message], str] = {
    FileProgress: "file.progress",
    FileProcessed: "file.processed",
    FileFailed: "file.failed",
    FilesDeleted: "files.deleted",
}
"""Events: confirmed, but neither persistent nor mandatory, because it is fine when nobody listens."""

_WORK: tuple[type[Message], ...] = (ExtractFile, DeleteFiles)
MESSAGES: Mapping[str, type[Message]] = {message.__name__: message for message in (*_WORK, *EVENT_KEYS)}
"""Message classes by the name their envelopes carry."""


def work_queue(message: Message) -> WorkQueue | None:
    """Give the queue of a job or command (persistent, mandatory, confirmed); None when the message is neither."""
    match message:
        case ExtractFile():
            return (EXTRACTION_HEAVY if message.heavy else EXTRACTION_FILES).of(message.tenant)
        case DeleteFiles():
            return STORAGE_DELETIONS
        case _:
            return None
