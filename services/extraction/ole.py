"""Which document an OLE compound file holds (MS-CFB): its directory says, wherever in the file that lies."""

from collections.abc import Mapping
from pathlib import Path

import olefile

from services.extraction.content import ErrorCode, Unreadable
from services.extraction.media_types import LEGACY_EXCEL, LEGACY_POWERPOINT, LEGACY_WORD

SIGNATURE = olefile.MAGIC
OTHER = "application/x-ole-storage"
_ENCRYPTED_PACKAGE = "EncryptedPackage"
_MAIN_STREAMS: Mapping[str, str] = {
    "WordDocument": LEGACY_WORD,
    "Workbook": LEGACY_EXCEL,
    "Book": LEGACY_EXCEL,
    "PowerPoint Document": LEGACY_POWERPOINT,
    "__properties_version1.0": "application/vnd.ms-outlook",
}
"""Streams of the root that only one kind of document has (MS-DOC, MS-XLS, BIFF5, MS-PPT, MS-OXMSG); embedded documents
have theirs in storages below."""


def ole_type(source: Path) -> str | None:
    """Name the media type, ``OTHER`` for a sound file of no such kind, None for a damaged one.

    Raises ``Unreadable`` (``encrypted``) for an Office package with a password, which is wrapped so (MS-OFFCRYPTO).
    """
    try:
        with source.open("rb") as file, olefile.OleFileIO(file) as ole:
            streams = {entry.name for entry in ole.root.kids}
    except (OSError, ValueError, IndexError, AttributeError, RecursionError):  # what olefile raises for damaged files
        return None
    if _ENCRYPTED_PACKAGE in streams:
        raise Unreadable(ErrorCode.ENCRYPTED)
    return next((media_type for name, media_type in _MAIN_STREAMS.items() if name in streams), OTHER)
