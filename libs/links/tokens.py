"""Link tokens: a file id, an expiry and an epoch under HMAC-SHA256, short enough for any chat client.

A token is ``{key id}.{80 characters}``; the 80 are base64url of 28 bytes of claims and the 32 bytes of their MAC. 60
bytes need no padding and leave no spare bits, so every token has exactly one spelling. The MAC covers a purpose and
the key id too: a signature made for something else, or under another key, never passes here.

Keys rotate by putting a new one first and removing the old one 30 days later.
"""

import binascii
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.errors import AppError, Kind
from libs.links.settings import LinkSettings

_PURPOSE = b"satchel download link v1"
_CLAIMS = struct.Struct(">16sQI")  # file id, expiry in milliseconds since 1970, epoch
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{80})")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)


class LinkForged(AppError):
    """The token is not one of ours: malformed, altered, or under a key we do not have."""

    kind, code, title = Kind.NOT_FOUND, "link_not_found", "There is no such link."


class LinkExpired(AppError):
    """The link's time is over; the file may still exist."""

    kind, code, title = Kind.GONE, "link_expired", "This link has expired; ask for a new one."


class LinkRevoked(AppError):
    """The link was called back by raising the file's link epoch."""

    kind, code, title = Kind.GONE, "link_revoked", "This link was revoked; ask for a new one."


class LinkTargetDeleted(AppError):
    """The file behind a genuine link was deleted, or is being deleted."""

    kind, code, title = Kind.GONE, "file_deleted", "The file behind this link was deleted."


@dataclass(frozen=True)
class LinkClaims:
    """What a genuine token says; whether it still holds is the caller's to check against clock and record."""

    file_id: UUID
    expires_at: datetime
    epoch: int


class LinkSigner:
    """Signs with the first key, verifies with any. Pure computation: no clock, no database."""

    def __init__(self, settings: LinkSettings) -> None:
        """Take over the keys; the settings have already refused weak ones."""
        self._keys = settings.keys
        self._current = next(iter(self._keys))
        self._root = str(settings.public_link_url).rstrip("/")

    def sign(self, file_id: UUID, *, expires_at: datetime, epoch: int) -> str:
        """Make a token that holds until ``expires_at`` (aware) while the file's epoch is still ``epoch``."""
        claims = _CLAIMS.pack(file_id.bytes, (expires_at - _START) // _TICK, epoch)
        sealed = urlsafe_b64encode(claims + self._mac(self._current, claims))
        return f"{self._current}.{sealed.decode()}"

    def url(self, file_id: UUID, *, expires_at: datetime, epoch: int) -> str:
        """Make the link to hand out: the public address of storage and a token."""
        return f"{self._root}/d/{self.sign(file_id, expires_at=expires_at, epoch=epoch)}"

    def verify(self, token: str) -> LinkClaims:
        """Return what the token says if we signed it; anything else, however odd, raises ``LinkForged``."""
        parts = _TOKEN.fullmatch(token)
        if parts is None or parts[1] not in self._keys:
            raise LinkForged
        try:
            sealed = urlsafe_b64decode(parts[2])
        except binascii.Error as error:
            raise LinkForged from error
        claims, mac = sealed[: _CLAIMS.size], sealed[_CLAIMS.size :]
        if not hmac.compare_digest(mac, self._mac(parts[1], claims)):
            raise LinkForged
        file_id, ticks, epoch = _CLAIMS.unpack(claims)
        return LinkClaims(UUID(bytes=file_id), _START + ticks * _TICK, epoch)

    def _mac(self, key_id: str, claims: bytes) -> bytes:
        return hmac.digest(self._keys[key_id], b"\0".join((_PURPOSE, key_id.encode(), claims)), "sha256")
