"""``/usage``."""

from aiohttp import web

from libs.web.responses import json_response
from services.gateway.context import CONTEXT
from services.gateway.routing import PRINCIPAL, PUBLIC_ROOT, Route
from services.gateway.usage.models import UsageBody


async def show_usage(request: web.Request) -> web.Response:
    """``GET /usage``."""
    return json_response(await request.app[CONTEXT].usage.get(request[PRINCIPAL]))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{PUBLIC_ROOT}/usage",
        handler=show_usage,
        summary="Show what this key has used of its quota",
        tag="limits",
        scope=None,
        answer=UsageBody,
    ),
)
