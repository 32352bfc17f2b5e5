"""Requests per key and minute, counted in the database so that the limit holds over all replicas.

A window begins with a key's first request and lasts a minute; the count is one atomic update. At the edge of two
windows a key can make up to twice the limit within a minute, which a client that reads the headers never notices.
Refused requests count too, so that hammering does not pay. When the database is away the answer is 503: a limiter that
cannot count does not let pass.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from libs.clock import now
from libs.mongo.database import Database
from services.gateway.auth.models import Principal
from services.gateway.limits.errors import RateLimited
from services.gateway.limits.store import RateWindows
from services.gateway.settings import LimitSettings

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in its window."""

    limit: int
    remaining: int
    resets_at: datetime

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the window ends, at least one."""
        return max(1, math.ceil((self.resets_at - now()).total_seconds()))


_STANDING = web.RequestKey("rate_standing", Standing)


class RateLimiter:
    """Admits requests within ``requests_per_minute``; 0 turns it off, and then it costs nothing."""

    def __init__(self, settings: LimitSettings, database: Database) -> None:
        self._limit = settings.requests_per_minute
        self._windows = RateWindows(database)

    async def admit(self, request: web.Request, principal: Principal) -> None:
        """Count the request. Raises ``RateLimited`` with the time to wait."""
        if not self._limit:
            return
        count, resets_at = await self._windows.count(principal.id, now(), WINDOW)
        standing = Standing(self._limit, max(0, self._limit - count), resets_at)
        request[_STANDING] = standing
        if count > self._limit:
            wait = timedelta(seconds=standing.seconds_left)
            raise RateLimited(f"There may be {self._limit} requests per minute.", retry_after=wait)


async def add_rate_headers(request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare`` signal: say where the caller stands, in the customary headers and in the IETF's.

    ``X-RateLimit-Reset`` is in seconds from now; ``RateLimit`` and ``RateLimit-Policy`` follow
    draft-ietf-httpapi-ratelimit-headers-10.
    """
    standing = request.get(_STANDING)
    if standing is None:
        return
    left = standing.seconds_left
    response.headers["X-RateLimit-Limit"] = str(standing.limit)
    response.headers["X-RateLimit-Remaining"] = str(standing.remaining)
    response.headers["X-RateLimit-Reset"] = str(left)
    response.headers["RateLimit-Policy"] = f'"key";q={standing.limit};w={int(WINDOW.total_seconds())}'
    response.headers["RateLimit"] = f'"key";r={standing.remaining};t={left}'
