"""Wrap a handler that honours ``Idempotency-Key``."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from libs.errors import AppError, Kind
from libs.web.problems import problem_response
from services.gateway.context import CONTEXT
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.idempotency.models import Claim
from services.gateway.routing import PRINCIPAL

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"

_PASSING = {Kind.RATE_LIMITED, Kind.UPSTREAM_FAILED, Kind.UNAVAILABLE, Kind.UPSTREAM_TIMEOUT}

Produce = Callable[[Fingerprint | None], Awaitable[web.Response]]
Rehearse = Callable[[Fingerprint], Awaitable[None]]


async def answer_once(request: web.Request, produce: Produce, rehearse: Rehearse) -> web.Response:
    """Answer a request, or give it the answer that its key already has.

    ``produce`` does the work and, when given a fingerprint, adds to it whatever it reads and finishes it at the end of
    the body. ``rehearse`` reads the same body into a fingerprint and does nothing else.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return await produce(None)
    service = request.app[CONTEXT].idempotency
    begun = await service.begin(request[PRINCIPAL], f"{request.method} {request.path}", key)
    fingerprint = Fingerprint(request.method, request.path_qs)
    if isinstance(begun, Claim):
        async with service.held(begun):
            return await _first_answer(request, begun, fingerprint, produce)
    await rehearse(fingerprint)
    service.check(begun, fingerprint)
    headers = {"Content-Type": begun.content_type, REPLAYED_HEADER: "true"}
    return web.Response(body=begun.body, status=begun.status, headers=headers)


async def _first_answer(request: web.Request, claim: Claim, fingerprint: Fingerprint, produce: Produce) -> web.Response:
    """Do the work and keep the answer if it is final: a refusal is, a busy server's excuse is not."""
    try:
        response = await produce(fingerprint)
    except AppError as error:
        if error.kind in _PASSING:
            raise
        response = problem_response(request, error)
    if fingerprint.complete and response.status < HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(response.body, bytes):
        content_type = response.headers["Content-Type"]
        await request.app[CONTEXT].idempotency.keep(claim, fingerprint, response.status, response.body, content_type)
    return response
