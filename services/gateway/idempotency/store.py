"""Claims and answers in MongoDB."""

from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from libs.mongo.database import Database
from services.gateway.idempotency.models import Claim, KeptAnswer


class IdempotencyStore:
    """Reads and writes the collection ``idempotency``; its TTL index removes what has expired."""

    def __init__(self, database: Database) -> None:
        self._keys = database["idempotency"]

    async def claim(self, claim: Claim, moment: datetime, lease_until: datetime, expires_at: datetime) -> bool:
        """Take a key that is free, whose lease ran out or whose answer expired; false when none of that holds."""
        document = {"token": claim.token, "lease_until": lease_until, "expires_at": expires_at, "answer": None}
        free = [{"answer": None, "lease_until": {"$lte": moment}}, {"expires_at": {"$lte": moment}}]
        try:
            result = await self._keys.update_one({"_id": claim.key_id, "$or": free}, {"$set": document}, upsert=True)
        except DuplicateKeyError:
            return False
        return bool(result.matched_count or result.upserted_id)

    async def find_answer(self, key_id: str) -> KeptAnswer | None:
        """Return the kept answer of a key, or ``None`` while there is none."""
        document = await self._keys.find_one({"_id": key_id})
        answer: dict[str, Any] | None = document["answer"] if document else None
        return KeptAnswer(**answer) if answer else None

    async def extend(self, claim: Claim, lease_until: datetime) -> bool:
        """Keep a claim alive; false when it was lost."""
        result = await self._keys.update_one(_held(claim), {"$set": {"lease_until": lease_until}})
        return bool(result.matched_count)

    async def keep(self, claim: Claim, answer: KeptAnswer, expires_at: datetime) -> bool:
        """Store the answer; false when the claim was lost."""
        document = {
            "fingerprint": answer.fingerprint,
            "status": answer.status,
            "body": answer.body,
            "content_type": answer.content_type,
        }
        update = {"$set": {"answer": document, "expires_at": expires_at}}
        return bool((await self._keys.update_one(_held(claim), update)).matched_count)

    async def release(self, claim: Claim) -> None:
        """Free a key whose request left nothing worth keeping."""
        await self._keys.delete_one(_held(claim))


def _held(claim: Claim) -> dict[str, Any]:
    return {"_id": claim.key_id, "token": claim.token, "answer": None}
