"""Keeps a session with the broker alive: connects, looks after it, and connects again.

The driver's "robust" connection is not used. It restores channels and consumers by itself, from weak references and
along another path than the first connect; a zombie consumer was the usual result (threats §1e). Here the first
connect, a restarted broker, a deleted queue and a cancelled consumer all take the same road: a new session.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from libs.amqp.outages import outages_translated
from libs.amqp.session import Session, open_session
from libs.amqp.settings import AmqpSettings
from libs.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

Step = Callable[[Session], Awaitable[None]]


class Link:
    """Background work with ``start`` and ``stop``; ``session`` is there whenever the broker is."""

    def __init__(self, settings: AmqpSettings, name: str, *, prepare: Step, check: Step) -> None:
        """``prepare`` makes a new session useful; ``check`` raises when it no longer is, asked once per heartbeat.

        The check finds a silent connection within two heartbeats, where heartbeats alone take more than three, and
        it finds what no heartbeat shows: a consumer the broker forgot.
        """
        self._settings = settings
        self._name = name
        self._prepare = prepare
        self._check = check
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin connecting; returns at once, so that a process starts while the broker is away."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"amqp {self._name}")

    async def stop(self) -> None:
        """Close the connection and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def session(self) -> Session:
        """Give the live session; raises ``DependencyUnavailable`` at once when there is none."""
        if self._session is None or self._session.ended.done():
            raise DependencyUnavailable("broker")
        return self._session

    async def ping(self) -> None:
        """Check the session now; raises ``DependencyUnavailable``."""
        session = self.session()
        with outages_translated():
            async with asyncio.timeout(self._settings.check_timeout.total_seconds()):
                await self._check(session)

    async def healthy(self) -> bool:
        """Whether ``ping`` passes."""
        try:
            await self.ping()
        except DependencyUnavailable:
            return False
        return True

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        longest = self._settings.reconnect_delay_max.total_seconds()
        delay = self._settings.reconnect_delay.total_seconds()
        while True:
            began = loop.time()
            await self._live_through_one_session()
            if loop.time() - began > longest:
                delay = self._settings.reconnect_delay.total_seconds()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - spreads replicas, hides no secret
            delay = min(delay * 2, longest)

    async def _live_through_one_session(self) -> None:
        try:
            with outages_translated():
                await self._one_session()
        except DependencyUnavailable as error:
            _log.warning("broker connection lost", extra={"link": self._name, "cause": repr(error.__cause__)})
        except Exception:  # noqa: BLE001 - the loop outlives our own mistakes too; the traceback is logged
            _log.exception("broker session failed", extra={"link": self._name})

    async def _one_session(self) -> None:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._settings.connect_timeout.total_seconds()):
                session = await stack.enter_async_context(open_session(self._settings, self._name))
                await self._prepare(session)
            stack.callback(session.end)
            self._session = session
            _log.info("broker connected", extra={"link": self._name})
            while not session.ended.done():
                await asyncio.wait({session.ended}, timeout=self._settings.heartbeat.total_seconds())
                if not session.ended.done():
                    await self.ping()
        _log.info("broker session ended", extra={"link": self._name})
