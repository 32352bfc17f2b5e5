"""What legacy Office documents say of themselves in the property sets of their OLE container ([MS-OLEPS])."""

from datetime import UTC, datetime
from typing import Any

import olefile

from services.extraction.content import Facts

_MACRO_STORAGES = ("_VBA_PROJECT_CUR", "Macros", "VBA")
_SIGNATURES = ("_signatures", "_xmlsignatures")
_EMBEDDED = ("MBD", "ObjectPool")
"""How Excel names the storages of embedded objects, and where Word keeps them."""
_UNICODE_CODE_PAGES = {1200: "utf-16-le", 65001: "utf-8", 10000: "mac-roman"}


def ole_facts(ole: olefile.OleFileIO) -> Facts:
    """Read title, author, creation, macros, signatures and embedded objects."""
    storages = {path[0] for path in ole.listdir(streams=True, storages=True)}
    metadata = ole.get_metadata()
    created = metadata.create_time
    return Facts(
        title=_text(metadata.title, metadata.codepage),
        author=_text(metadata.author, metadata.codepage),
        created_at=created.replace(tzinfo=UTC) if isinstance(created, datetime) else None,
        attachments=sorted(name for name in storages if name.startswith(_EMBEDDED)),
        macros=any(name in storages for name in _MACRO_STORAGES),
        signed=any(name in storages for name in _SIGNATURES),
    )


def _text(value: Any, code_page: Any) -> str | None:
    if not isinstance(value, bytes):
        return value or None
    encoding = _UNICODE_CODE_PAGES.get(code_page, f"cp{code_page}")
    try:
        return value.decode(encoding, "replace").strip("\0 ") or None
    except LookupError:
        return value.decode("latin-1").strip("\0 ") or None
