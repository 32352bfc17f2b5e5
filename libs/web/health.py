"""The internal application of every service: alive, ready, metrics. Never on a public port."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

_log = logging.getLogger(__name__)
_PROBE_SECONDS = 3.0


@dataclass(frozen=True)
class Probe:
    """Asks one dependency whether it answers; ``check`` raises when it does not.

    ``required`` is false for a dependency without which the service still does its job.
    """

    check: Callable[[], Awaitable[None]]
    required: bool = True


def health_app(probes: Mapping[str, Probe]) -> web.Application:
    """Serve ``/healthz`` (the process is alive), ``/readyz`` (its dependencies answer) and ``/metrics``."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        states = dict(zip(probes, await asyncio.gather(*map(_answers, probes.values())), strict=True))
        ready = all(states[name] for name, probe in probes.items() if probe.required)
        body = {"status": "ready" if ready else "not ready", "checks": states}
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app


async def _answers(probe: Probe) -> bool:
    """Whether the dependency answered in time; any exception of its driver means that it did not."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await probe.check()
    except Exception as error:  # noqa: BLE001 - each driver has its own exceptions; all mean "not ready"
        _log.warning("probe failed", extra={"error": repr(error)})
        return False
    return True
