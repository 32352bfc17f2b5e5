"""``Content-Disposition`` for any file name (RFC 6266, RFC 8187)."""

import re
import unicodedata
from urllib.parse import quote

_ATTR_CHARS = "!#$&+-.^_`|~"
"""What RFC 8187 §3.2.1 allows unencoded beside letters and digits."""

_RISKY = re.compile(r'[^ -~]|["\\;%/]')
"""What clients disagree about inside the plain ``filename`` (RFC 6266 appendix D), and all that is not ASCII."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def content_disposition(filename: str, *, kind: str = "attachment") -> str:
    """Make the header's value: an ASCII name for old clients, the name as it is in ``filename*`` if that differs.

    Control characters, line breaks among them, become ``_`` in both, so a name can never end the header.
    """
    name = _CONTROLS.sub("_", filename).strip() or "download"
    fallback = _RISKY.sub("_", _without_accents(name))
    value = f'{kind}; filename="{fallback}"'
    if fallback == name:
        return value
    return f"{value}; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS, errors='replace')}"


def _without_accents(name: str) -> str:
    """``Résumé.pdf`` reads better as ``Resume.pdf`` than as ``R_sum_.pdf``."""
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
