"""Start the public and the internal application of a service, wait for the signal to stop, end both in order."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from datetime import timedelta

from aiohttp import web

from libs.loop_watch import watched_loop
from libs.web.access import access_middleware
from libs.web.drain import DrainedServer
from libs.web.problems import problem_middleware
from libs.web.request_id import add_request_id, request_id_middleware

_log = logging.getLogger(__name__)

READ_BUFFER_BYTES = 1 << 20
"""How much of a body aiohttp reads ahead per connection; larger reads cost fewer wake-ups on uploads."""


def public_app(*, max_body_bytes: int) -> web.Application:
    """Make an application with the shell's middlewares; ``max_body_bytes`` bounds bodies that are read whole."""
    app = web.Application(
        middlewares=[request_id_middleware, access_middleware, problem_middleware], client_max_size=max_body_bytes
    )
    app.on_response_prepare.append(add_request_id)
    return app


async def serve(
    *, internal: tuple[web.Application, str, int], public: tuple[web.Application, str, int] | None, grace: timedelta
) -> None:
    """Serve ``(application, host, port)`` until SIGTERM or SIGINT, then give open requests ``grace`` to finish."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watched_loop())
        for app, host, port in filter(None, (internal, public)):
            server = DrainedServer(app, grace=grace, read_buffer_bytes=READ_BUFFER_BYTES)
            stack.push_async_callback(server.stop)
            await server.start(host, port)
        _log.info("started")
        await stop.wait()
        _log.info("stopping")
