"""Which file an object belongs to, by its key."""

import re
from uuid import UUID

_FILE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def file_id_of(key: str) -> UUID | None:
    """Return the file id that a key starts with, canonically spelled.

    A file's object has exactly its id as key; whatever else is kept for a file has a key that begins with it. A key
    that does not is none of ours: ``None``, and nobody touches the object.
    """
    found = _FILE_ID.match(key)
    return None if found is None else UUID(found[0])
