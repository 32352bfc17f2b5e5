"""The local stack's secrets: made at random on the first run, kept for the next."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self


def _token() -> str:
    return secrets.token_hex(20)


@dataclass(frozen=True)
class Credentials:
    """Everything the parts and the demo user sign in with. ``link_keys`` is ``kid:secret``, the signer first."""

    amqp_password: str = field(default_factory=_token, repr=False)
    s3_access_key: str = field(default_factory=lambda: secrets.token_hex(10), repr=False)
    s3_secret_key: str = field(default_factory=_token, repr=False)
    link_keys: str = field(default_factory=lambda: f"k1:{secrets.token_hex(32)}", repr=False)
    username: str = "demo"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)

    @classmethod
    def kept_in(cls, path: Path) -> Self:
        """Read the secrets kept at ``path``; what is missing there is made now and kept."""
        known = json.loads(path.read_text()) if path.exists() else {}
        credentials = cls(**known)
        write_private(path, json.dumps(asdict(credentials), indent=2) + "\n")
        return credentials


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone: a reader sees all of it or nothing."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)
    draft.replace(path)
