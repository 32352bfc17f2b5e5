"""What a download needs to know of a file."""

from uuid import UUID

from libs.contracts.records import FileRecord
from libs.mongo.database import Database


class FileStore:
    """Reads ``files``."""

    def __init__(self, database: Database) -> None:
        self._files = database["files"]

    async def find(self, file_id: UUID) -> FileRecord | None:
        """Return the record as the primary has it now."""
        document = await self._files.find_one({"_id": file_id})
        return None if document is None else FileRecord.from_document(document)
