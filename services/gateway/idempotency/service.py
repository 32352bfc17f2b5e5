"""The same request twice: one effect, one answer (draft-ietf-httpapi-idempotency-key-header-07).

The first request with a key claims it with a lease of less than a minute, kept alive while the request runs; a request
that died frees its key when the lease runs out. Answers that are final (2xx and 4xx of requests that were read to their
end) are kept for a day with the request's fingerprint. A repeated request is read, compared and given that answer; what
it carries is stored nowhere.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from libs.clock import now
from libs.mongo.database import OUTAGES
from services.gateway.auth.models import Principal
from services.gateway.idempotency.errors import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInProgress
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.idempotency.models import Claim, KeptAnswer
from services.gateway.idempotency.store import IdempotencyStore

_log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=30)
_HEARTBEAT = timedelta(seconds=10)
_KEPT = timedelta(hours=24)
_ATTEMPTS = 3
_RETRY_AFTER = timedelta(seconds=1)
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class IdempotencyService:
    """Claims keys, keeps answers, compares repeated requests with the first."""

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store

    async def begin(self, principal: Principal, route: str, key: str) -> Claim | KeptAnswer:
        """Claim the key, or return the answer it already has.

        Raises ``IdempotencyKeyInvalid``, and ``RequestInProgress`` while another request holds the key.
        """
        if not _KEY.fullmatch(key):
            raise IdempotencyKeyInvalid
        claim = Claim(_key_id(principal, route, key), uuid4())
        for _ in range(_ATTEMPTS):
            moment = now()
            if await self._store.claim(claim, moment, moment + _LEASE, moment + _KEPT):
                return claim
            answer = await self._store.find_answer(claim.key_id)
            if answer is not None:
                return answer
        raise RequestInProgress(retry_after=_RETRY_AFTER)

    @asynccontextmanager
    async def held(self, claim: Claim) -> AsyncIterator[None]:
        """Keep the claim alive inside the block; leave it free afterwards unless an answer was kept."""
        heartbeat = asyncio.create_task(self._beat(claim), name="idempotency heartbeat")
        try:
            yield
        finally:
            heartbeat.cancel()
            await asyncio.wait({heartbeat})
            await self._release(claim)

    async def keep(self, claim: Claim, fingerprint: Fingerprint, status: int, body: bytes, content_type: str) -> None:
        """Keep a final answer. An outage costs the memory of it, never the answer itself."""
        answer = KeptAnswer(fingerprint.hexdigest(), status, body, content_type)
        try:
            kept = await self._store.keep(claim, answer, now() + _KEPT)
        except OUTAGES as error:
            _log.warning("answer not kept", extra={"cause": repr(error)})
        else:
            if not kept:
                _log.warning("answer not kept", extra={"cause": "the claim was lost"})

    def check(self, answer: KeptAnswer, fingerprint: Fingerprint) -> None:
        """Raise ``IdempotencyKeyReused`` when the request is not the one that was answered."""
        if answer.fingerprint != fingerprint.hexdigest():
            raise IdempotencyKeyReused

    async def _beat(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT.total_seconds())
            try:
                if not await self._store.extend(claim, now() + _LEASE):
                    return
            except OUTAGES as error:
                _log.warning("lease not extended", extra={"cause": repr(error)})

    async def _release(self, claim: Claim) -> None:
        try:
            await self._store.release(claim)
        except OUTAGES as error:
            _log.warning("key left to its lease", extra={"cause": repr(error)})


def _key_id(principal: Principal, route: str, key: str) -> str:
    return hashlib.sha256(f"{principal.id}\0{route}\0{key}".encode()).hexdigest()
