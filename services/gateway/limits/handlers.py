"""``/limits``."""

from aiohttp import web

from libs.web.responses import json_response
from services.gateway.context import CONTEXT
from services.gateway.limits.models import LimitsBody
from services.gateway.routing import PUBLIC_ROOT, Route


async def show_limits(request: web.Request) -> web.Response:
    """``GET /limits``."""
    return json_response(request.app[CONTEXT].limits.get())


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{PUBLIC_ROOT}/limits",
        handler=show_limits,
        summary="Show what may be uploaded, and how much",
        tag="limits",
        scope=None,
        answer=LimitsBody,
    ),
)
