"""One log line and two metrics per request, by route template: paths hold ids and link tokens."""

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import Counter, Histogram

_log = logging.getLogger("access")
_REQUESTS = Counter("satchel_http_requests", "Requests answered", ["method", "route", "status"])
_SECONDS = Histogram("satchel_http_request_seconds", "Time to answer", ["method", "route"])


@web.middleware
async def access_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time the request. Stands inside the request id and outside the problem middleware."""
    started = time.perf_counter()
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    status = 499  # the client went away before an answer, as nginx counts it
    try:
        response = await handler(request)
        status = response.status
    finally:
        seconds = time.perf_counter() - started
        _REQUESTS.labels(request.method, route, status).inc()
        _SECONDS.labels(request.method, route).observe(seconds)
        fields = {"method": request.method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        _log.info("request answered", extra=fields)
    return response
