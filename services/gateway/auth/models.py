"""Principals, scopes and API keys."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from libs.contracts.records import Record


class Scope(StrEnum):
    """What a key may do."""

    CHAT = "chat"
    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    ADMIN = "admin"
    AGENT = "agent"


DEFAULT_SCOPES = frozenset({Scope.CHAT, Scope.FILES_READ, Scope.FILES_WRITE})


@dataclass(frozen=True)
class Principal:
    """Who calls. ``id`` is stable over rotation of the secret and is what files and conversations belong to."""

    id: str
    app_id: str
    scopes: frozenset[Scope]
    agents: frozenset[str] | None
    """The agents it may talk to; ``None`` means every agent of the app."""

    def may_use(self, agent_id: str) -> bool:
        """Whether this principal may talk to the agent at all."""
        return self.agents is None or agent_id in self.agents


class ApiKey(Record):
    """An API key without its secret, which is stored as a SHA-256 digest: it is 256 random bits, not a password."""

    id: UUID = Field(alias="_id")
    app_id: str
    name: str
    prefix: str
    hash: str
    scopes: frozenset[Scope]
    agents: frozenset[str] | None = None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def principal(self) -> Principal:
        """Return who this key speaks for."""
        return Principal(id=f"key:{self.id}", app_id=self.app_id, scopes=self.scopes, agents=self.agents)
