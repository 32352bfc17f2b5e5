"""Issue and verify API keys.

A key reads ``satchel_<prefix>_<secret>``: the prefix finds it, the secret (256 random bits) proves it. Only a
SHA-256 digest is stored; a slow hash would protect nothing that cannot be guessed. Unknown prefixes are compared
against a dummy digest, so that timing does not tell a known prefix from an unknown one.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from libs.clock import now
from services.gateway.auth.errors import ApiKeyExpired, ApiKeyNotFound, InvalidApiKey
from services.gateway.auth.models import ApiKey, Principal, Scope
from services.gateway.auth.store import ApiKeyStore

_BRAND = "satchel"
_LAST_USED_RESOLUTION = timedelta(minutes=1)
_PREFIX = re.compile(r"[0-9a-f]{12}")
_NO_DIGEST = "0" * 64


class ApiKeyService:
    """Everything that happens to API keys."""

    def __init__(self, store: ApiKeyStore) -> None:
        self._store = store

    async def verify(self, presented: str) -> Principal:
        """Return who presents this key.

        Raises ``InvalidApiKey`` for an unknown, revoked or malformed one and ``ApiKeyExpired`` past its time.
        """
        brand, _, rest = presented.partition("_")
        prefix, _, secret = rest.partition("_")
        ours = brand == _BRAND and secret and _PREFIX.fullmatch(prefix)
        key = await self._store.find_by_prefix(prefix) if ours else None
        matches = hmac.compare_digest(_digest(secret), key.hash if key else _NO_DIGEST)
        if key is None or not matches or key.revoked_at is not None:
            raise InvalidApiKey
        if key.expires_at is not None and key.expires_at <= now():
            raise ApiKeyExpired
        await self._store.touch(key, now(), _LAST_USED_RESOLUTION)
        return key.principal()

    async def create(
        self,
        app_id: str,
        name: str,
        *,
        scopes: Collection[Scope],
        agents: Collection[str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key and return it with its full text, which is never shown again."""
        prefix, secret = _new_parts()
        key = ApiKey(
            id=uuid4(),
            app_id=app_id,
            name=name,
            prefix=prefix,
            hash=_digest(secret),
            scopes=frozenset(scopes),
            agents=frozenset(agents) if agents is not None else None,
            created_at=now(),
            expires_at=expires_at,
        )
        await self._store.create(key)
        return key, _text(prefix, secret)

    async def list(self, app_id: str) -> list[ApiKey]:
        """List an app's keys, oldest first."""
        return await self._store.list(app_id)

    async def rotate(self, key_id: UUID) -> tuple[ApiKey, str]:
        """Give a key a new secret; its id, and so its files, stay. Raises ``ApiKeyNotFound``."""
        prefix, secret = _new_parts()
        key = await self._store.update(key_id, {"prefix": prefix, "hash": _digest(secret)})
        if key is None:
            raise ApiKeyNotFound
        return key, _text(prefix, secret)

    async def expire(self, key_id: UUID, moment: datetime) -> ApiKey:
        """Let a key end at ``moment``. Raises ``ApiKeyNotFound``."""
        return await self._changed(key_id, {"expires_at": moment})

    async def revoke(self, key_id: UUID) -> ApiKey:
        """End a key now, on every replica at its next request. Raises ``ApiKeyNotFound``."""
        return await self._changed(key_id, {"revoked_at": now()})

    async def _changed(self, key_id: UUID, changes: dict[str, datetime]) -> ApiKey:
        key = await self._store.update(key_id, changes)
        if key is None:
            raise ApiKeyNotFound
        return key


def _new_parts() -> tuple[str, str]:
    return secrets.token_hex(6), secrets.token_urlsafe(32)


def _text(prefix: str, secret: str) -> str:
    return f"{_BRAND}_{prefix}_{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
