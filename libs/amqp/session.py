"""One connection with one channel on it, for as long as both live."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aio_pika import Connection
from aio_pika.abc import AbstractChannel, AbstractConnection
from yarl import URL

from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import declare

_CLOSE_SECONDS = 3.0


class Session:
    """A channel to work on; ``ended`` resolves when it, its connection or its consumer is gone."""

    def __init__(self, connection: AbstractConnection, channel: AbstractChannel) -> None:
        """Watch ``channel``. The references kept here matter: the driver itself holds channels weakly."""
        self._connection = connection
        self.channel = channel
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        channel.close_callbacks.add(self.end)

    def end(self, *_: Any) -> None:
        """Call the session over; its owner opens another."""
        if not self.ended.done():
            self.ended.set_result(None)

    @asynccontextmanager
    async def probe(self) -> AsyncIterator[AbstractChannel]:
        """Open a second channel for a question whose refusal would close the channel it is asked on."""
        async with self._connection.channel(publisher_confirms=False) as channel:
            yield channel


@asynccontextmanager
async def open_session(settings: AmqpSettings, name: str) -> AsyncIterator[Session]:
    """Connect as ``name``, open a confirming channel and declare the topology; close everything in the end.

    ``on_return_raises``: without it an unroutable message counts as published (threats §1e).
    """
    connection = Connection(_url(settings, name))
    try:
        await connection.connect()
        async with connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
            await declare(channel)
            yield Session(connection, channel)
    finally:
        # A stuck broker answers no goodbye; the driver then frees the socket by itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await connection.close()


def _url(settings: AmqpSettings, name: str) -> URL:
    heartbeat = int(settings.heartbeat.total_seconds())
    return URL(settings.url.get_secret_value()).update_query(heartbeat=heartbeat, name=name)
