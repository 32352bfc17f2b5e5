"""What is kept about a request with an idempotency key."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Claim:
    """The right to run the request of a key; ``token`` fences an owner that lost it."""

    key_id: str
    token: UUID


@dataclass(frozen=True)
class KeptAnswer:
    """An earlier answer, as it was sent."""

    fingerprint: str
    status: int
    body: bytes
    content_type: str
