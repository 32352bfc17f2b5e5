"""Storage's whole surface: one public route, and on the internal port health, metrics and a round on demand."""

from aiohttp import web

from libs.mongo.database import ping
from libs.web.health import Probe, health_app
from libs.web.problems import problem_middleware
from libs.web.request_id import add_request_id, request_id_middleware
from libs.web.responses import json_response
from libs.web.server import public_app
from services.storage.context import CONTEXT, Context
from services.storage.handlers import ROUTES, harden

_MAX_BODY_BYTES = 1024


def public_application(context: Context) -> web.Application:
    """Serve download links."""
    app = public_app(max_body_bytes=_MAX_BODY_BYTES)
    app[CONTEXT] = context
    app.on_response_prepare.append(harden)
    app.add_routes(ROUTES)
    return app


def internal_application(context: Context) -> web.Application:
    """Serve health, metrics and ``POST /reconcile``. Links work without the broker: it is no condition of readiness."""

    async def database() -> None:
        await ping(context.database)

    app = health_app(
        {
            "startup": Probe(context.startup.check),
            "database": Probe(database),
            "objects": Probe(context.objects.ping),
            "broker": Probe(context.publisher.ping, required=False),
            "consumer": Probe(context.consumer.ping, required=False),
        }
    )
    app[CONTEXT] = context
    app.middlewares.extend((request_id_middleware, problem_middleware))
    app.on_response_prepare.append(add_request_id)
    app.add_routes([web.post("/reconcile", reconcile)])
    return app


async def reconcile(request: web.Request) -> web.Response:
    """``POST /reconcile``: run one complete round now and answer what it did."""
    return json_response(await request.app[CONTEXT].sweeper.run_round(complete=True))
