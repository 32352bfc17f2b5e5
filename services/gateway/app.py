"""The gateway's whole surface: every route table, served and described."""

from aiohttp import web

from libs import VERSION
from libs.mongo.database import ping
from libs.web.health import Probe, health_app
from libs.web.server import public_app
from services.gateway.agents.handlers import ROUTES as AGENT_ROUTES
from services.gateway.chat.handlers import ROUTES as CHAT_ROUTES
from services.gateway.context import CONTEXT, Context
from services.gateway.files.routes import ROUTES as FILE_ROUTES
from services.gateway.limits.handlers import ROUTES as LIMIT_ROUTES
from services.gateway.limits.rate import add_rate_headers
from services.gateway.openapi.document import openapi_document
from services.gateway.openapi.handlers import documentation_routes
from services.gateway.playground.handlers import routes as playground_routes
from services.gateway.routing import Route
from services.gateway.usage.handlers import ROUTES as USAGE_ROUTES

API_ROUTES: tuple[Route, ...] = (*CHAT_ROUTES, *FILE_ROUTES, *AGENT_ROUTES, *LIMIT_ROUTES, *USAGE_ROUTES)
"""Every operation of the API."""

_MAX_JSON_BYTES = 1 << 20
_DESCRIPTION = "Documents in chat: attach files to a conversation, ask about them, download them for 30 days."


def public_application(context: Context) -> web.Application:
    """Serve the API, its description and the playground."""
    app = public_app(max_body_bytes=_MAX_JSON_BYTES)
    app[CONTEXT] = context
    app.on_response_prepare.append(add_rate_headers)
    app.add_routes([web.route(route.method, route.path, context.guard.protect(route)) for route in API_ROUTES])
    document = openapi_document(API_ROUTES, title="Satchel", version=VERSION, description=_DESCRIPTION)
    app.add_routes(documentation_routes(document))
    app.add_routes(playground_routes())
    return app


def internal_application(context: Context) -> web.Application:
    """Serve health and metrics. Uploads work without the broker, so it is no condition of being ready."""

    async def database() -> None:
        await ping(context.database)

    return health_app(
        {
            "startup": Probe(context.startup.check),
            "database": Probe(database),
            "objects": Probe(context.objects.ping),
            "broker": Probe(context.publisher.ping, required=False),
        }
    )
