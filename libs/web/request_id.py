"""Every request has an id: the caller's ``X-Request-ID`` when it is harmless, else a fresh one."""

import re
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler

from libs.logs import REQUEST_ID

HEADER = "X-Request-ID"
_KEY = web.RequestKey("request_id", str)
_HARMLESS = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@web.middleware
async def request_id_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Name the request for logs, messages and the answer. Must be the outermost middleware."""
    offered = request.headers.get(HEADER, "")
    request[_KEY] = offered if _HARMLESS.fullmatch(offered) else uuid4().hex
    token = REQUEST_ID.set(request[_KEY])
    try:
        return await handler(request)
    finally:
        REQUEST_ID.reset(token)


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare`` signal: the header goes on every answer, streamed ones included."""
    response.headers[HEADER] = request.get(_KEY) or uuid4().hex
