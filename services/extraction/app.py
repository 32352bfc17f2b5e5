"""Extraction's whole surface: health and metrics. It talks to no client."""

from aiohttp import web

from libs.mongo.database import ping
from libs.web.health import Probe, health_app
from services.extraction.context import Context


def internal_application(context: Context) -> web.Application:
    """Serve health and metrics. Without any one of its servers this service does nothing, so all are required."""

    async def database() -> None:
        await ping(context.database)

    return health_app(
        {
            "startup": Probe(context.startup.check),
            "database": Probe(database),
            "objects": Probe(context.objects.ping),
            "broker": Probe(context.publisher.ping),
            "consumer": Probe(context.consumer.ping),
        }
    )
