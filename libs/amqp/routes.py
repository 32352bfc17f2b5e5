"""Which message goes where. A class that stands in no table cannot be published or read."""

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

WORK: Mapping[type[Message], WorkQueue] = {ExtractFile: EXTRACTION_FILES, DeleteFiles: STORAGE_DELETIONS}
"""Jobs and commands: persistent, mandatory, confirmed."""

HEAVY_WORK: Mapping[type[Message], WorkQueue] = {ExtractFile: EXTRACTION_HEAVY}
"""Where a job goes that turned out long, so that it does not starve short ones."""

EVENT_KEYS: Mapping[type[Message], str] = {
    FileProgress: "file.progress",
    FileProcessed: "file.processed",
    FileFailed: "file.failed",
    FilesDeleted: "files.deleted",
}
"""Events: confirmed, but neither persistent nor mandatory, because it is fine when nobody listens."""

MESSAGES: Mapping[str, type[Message]] = {message.__name__: message for message in (*WORK, *EVENT_KEYS)}
"""Message classes by the name their envelopes carry."""
