"""Rebuild a file's record from what its object carries, for the day the database lost one.

Acknowledged writes have been lost (SERVER-139311), and a database may be restored from an older backup. The gateway
therefore puts a record's essentials on the object, as metadata. What cannot be rebuilt starts anew: the text is
extracted again, ``active`` and the user's metadata have their defaults, and a raised link epoch is forgotten.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from libs.clock import now
from libs.contracts.records import FileRecord, FileState
from libs.objects.store import ObjectInfo, StoredObject
from services.storage.reconcile.uploads import completed_fields

_ESSENTIAL = ("app_id", "agent_id", "owner", "filename", "declared_type", "media_type")


def adoptable(found: ObjectInfo) -> bool:
    """Whether an object with this metadata is a file of ours: not empty, and with everything a record needs."""
    metadata = found.metadata
    conversation_id = metadata.get("conversation_id", "")
    return (
        found.size_bytes > 0
        and all(metadata.get(name) for name in _ESSENTIAL)
        and (not conversation_id or conversation_of(metadata) is not None)
    )


def conversation_of(metadata: Mapping[str, str]) -> UUID | None:
    """Give the conversation an object's file belonged to, if any."""
    try:
        return UUID(metadata.get("conversation_id", ""))
    except ValueError:
        return None


def rebuild(file_id: UUID, found: ObjectInfo, stored: StoredObject, *, link_lifetime: timedelta) -> FileRecord:
    """Make the record of an ``adoptable`` object: stored, active, and to be extracted unless that was declined."""
    uploaded_at = _time(found.metadata, "uploaded_at") or found.modified_at
    file = FileRecord.model_validate(
        {
            **{name: found.metadata[name] for name in _ESSENTIAL},
            "id": file_id,
            "conversation_id": conversation_of(found.metadata),
            "skip_extraction": found.metadata.get("skip_extraction") == "true",
            "state": FileState.STORED,
            "created_at": uploaded_at,
            "retain_until": _time(found.metadata, "retain_until"),
        }
    )
    completed = completed_fields(file, stored, found, link_lifetime=link_lifetime)
    completed |= {"uploaded_at": uploaded_at, "link_expires_at": uploaded_at + link_lifetime}
    return FileRecord.model_validate({**file.to_document(), **completed})


def _time(metadata: Mapping[str, str], name: str) -> datetime | None:
    """Read an aware time that is not in the future; anything else counts as absent."""
    try:
        moment = datetime.fromisoformat(metadata.get(name, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and (name != "uploaded_at" or moment <= now()) else None
