"""What clients may attach to a file as ``metadata``: a JSON object that the database and every reader can hold."""

import json
import math
from typing import Annotated, Any

from pydantic import AfterValidator

MAX_BYTES = 16 * 1024
MAX_DEPTH = 6
_INT64 = 1 << 63


def check_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata as it came, or raise ``ValueError`` naming what cannot be stored."""
    _check(metadata, MAX_DEPTH)
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_BYTES:
        raise ValueError(f"metadata is larger than {MAX_BYTES} bytes")
    return metadata


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ValueError(f"metadata is nested deeper than {MAX_DEPTH} levels")
    match value:
        case dict():
            for key, item in value.items():
                _check_key(key)
                _check(item, depth - 1)
        case list():
            for item in value:
                _check(item, depth - 1)
        case str():
            _check_text(value)
        case int() if not -_INT64 <= value < _INT64:
            raise ValueError("metadata holds a number beyond 64 bits")
        case float() if not math.isfinite(value):
            raise ValueError("metadata holds a number that JSON does not know")


def _check_key(key: str) -> None:
    _check_text(key)
    if not key or key.startswith("$") or "." in key:
        raise ValueError("a metadata key is empty, begins with $ or holds a dot")


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("metadata holds a character that cannot be stored")


Metadata = Annotated[dict[str, Any], AfterValidator(check_metadata)]
"""A validated ``metadata`` field of a request."""
