"""The smallest server that takes uploads the way the gateway does: form reader, object store, nothing else.

``python -m tests.bench.upload_server`` listens on a free port, prints it, and takes its object store from ``S3_*``.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

from aiohttp import web

from libs.objects.store import ObjectStore, S3Settings
from libs.web.server import READ_BUFFER_BYTES
from services.gateway.files.multipart import FileField, FormLimits, read_form

STORE: web.AppKey[ObjectStore] = web.AppKey("store", ObjectStore)
LAG: web.AppKey["Lag"] = web.AppKey("lag")

_TICK_SECONDS = 0.01


class Lag:
    """How late the event loop was at worst."""

    def __init__(self) -> None:
        self.worst_seconds = 0.0

    async def watch(self) -> None:
        """Compare wake-ups with their time for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self.worst_seconds = max(self.worst_seconds, loop.time() - due)


async def receive(request: web.Request) -> web.Response:
    """``POST /``: store every file of a form."""
    async for field in read_form(request, FormLimits()):
        if isinstance(field, FileField):
            await request.app[STORE].put(
                str(uuid4()), field.chunks, content_type=field.content_type, metadata={"filename": field.filename}
            )
    return web.Response()


async def lag(request: web.Request) -> web.Response:
    """``GET /lag``: milliseconds."""
    return web.Response(text=f"{request.app[LAG].worst_seconds * 1000:.0f}")


async def share(app: web.Application) -> AsyncIterator[None]:
    """Open and close what the handlers use."""
    async with ObjectStore.open(S3Settings()) as store:
        app[STORE], app[LAG] = store, Lag()
        watch = asyncio.create_task(app[LAG].watch())
        yield
        watch.cancel()


async def main() -> None:
    """Serve until killed."""
    app = web.Application()
    app.add_routes([web.post("/", receive), web.get("/lag", lag)])
    app.cleanup_ctx.append(share)
    runner = web.AppRunner(app, access_log=None, read_bufsize=READ_BUFFER_BYTES)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
