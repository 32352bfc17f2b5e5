"""Metadata as HTTP headers: any text survives, whatever the server or a proxy thinks of it.

Values are percent-encoded UTF-8, because headers carry ASCII only and signing folds spaces. Names are snake_case and
travel with hyphens, because some proxies drop headers with underscores. Empty values are left out: some servers drop
them, so that nobody may rely on one.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

_PREFIX = "x-amz-meta-"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_BYTES = 2048  # S3's limit for names and values together


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that carry ``metadata``; raises ``ValueError`` for a bad name or more than 2 KiB."""
    headers = {}
    for name, value in metadata.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"metadata name {name!r} is not snake_case")
        if value:
            headers[_PREFIX + name.replace("_", "-")] = quote(value, safe="")
    size = sum(len(name) - len(_PREFIX) + len(value) for name, value in headers.items())
    if size > _MAX_BYTES:
        raise ValueError(f"object metadata takes {size} bytes, S3 allows {_MAX_BYTES}")
    return headers


def read_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """Read back what ``metadata_headers`` wrote; other headers are left out."""
    return {
        name.lower().removeprefix(_PREFIX).replace("-", "_"): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith(_PREFIX)
    }
