"""What signs download links and where they point."""

import re
from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.durations import Duration

MAX_LIFETIME = timedelta(days=30)
"""No link lives longer, whoever asks (seed 002; the same as OpenAI's longest ``expires_after``)."""

_MIN_SECRET_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class LinkSettings(BaseSettings):
    """``LINK_KEYS``, ``PUBLIC_LINK_URL`` and ``LINK_LIFETIME``, shared by whoever signs and whoever verifies."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    link_keys: SecretStr = Field(
        description="`id:secret,id:secret`: the first signs, all verify; secrets from 32 bytes"
    )
    public_link_url: HttpUrl = Field(description="public address of storage; links are this plus `/d/{token}`")
    link_lifetime: Duration = Field(
        MAX_LIFETIME, gt=timedelta(0), le=MAX_LIFETIME, description="how long a link works after the upload"
    )

    @field_validator("link_keys")
    @classmethod
    def _refuse_weak_keys(cls, value: SecretStr) -> SecretStr:
        parse_keys(value.get_secret_value())
        return value

    @property
    def keys(self) -> Mapping[str, bytes]:
        """The secrets by key id, in the order given."""
        return parse_keys(self.link_keys.get_secret_value())


def parse_keys(text: str) -> dict[str, bytes]:
    """Read ``id:secret,id:secret``; raises ``ValueError`` that names the key at fault, never its secret."""
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(text.split(","), start=1):
        key_id, _, secret = entry.strip().partition(":")
        if not _KEY_ID.fullmatch(key_id):
            raise ValueError(f"entry {position} needs an id of 1 to 32 letters, digits, - or _, then a colon")
        if key_id in keys:
            raise ValueError(f"key id {key_id} is given twice")
        if len(secret.encode()) < _MIN_SECRET_BYTES:
            raise ValueError(f"the secret of key {key_id} has less than {_MIN_SECRET_BYTES} bytes")
        keys[key_id] = secret.encode()
    return keys
