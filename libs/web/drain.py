"""Let open requests finish before their server is closed.

aiohttp's own shutdown is not enough: once it has begun, ``RequestHandler.data_received`` drops whatever arrives (3.14),
so an upload in progress would never see the rest of its body. Here the server stops accepting connections and closes
only when the last request has been answered; connections that are used meanwhile are closed with their answer.
"""

import asyncio
import logging
from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Handler

from libs.web.protocol import PlainRunner

_log = logging.getLogger(__name__)

_LAST_BYTES = timedelta(seconds=5)
"""Time aiohttp gets, behind ours, to write what is answered and to cancel what is not."""


class DrainedServer:
    """Serves one application on one port; ``stop`` waits for the requests it has begun."""

    def __init__(self, app: web.Application, *, grace: timedelta, read_buffer_bytes: int) -> None:
        app.middlewares.insert(0, self._counted)
        self._grace = grace
        self._runner = PlainRunner(
            app, access_log=None, shutdown_timeout=_LAST_BYTES.total_seconds(), read_bufsize=read_buffer_bytes
        )
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False

    async def start(self, host: str, port: int) -> None:
        """Begin to accept connections."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Accept nothing new, give open requests their grace, close."""
        self._stopping = True
        for site in list(self._runner.sites):
            await site.stop()
        await asyncio.sleep(0)  # connections accepted just now get to their handler
        try:
            async with asyncio.timeout(self._grace.total_seconds()):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("requests cut off", extra={"requests": self._open})
        await self._runner.cleanup()

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._open += 1
        self._idle.clear()
        try:
            response = await handler(request)
            if self._stopping and not response.prepared:
                response.force_close()
            return response
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()
