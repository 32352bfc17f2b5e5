"""Signs of life while a run lasts, and an end to it when the lease is lost."""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Self
from uuid import UUID

from libs.clock import now
from libs.contracts.records import ExtractionRecord
from libs.mongo.database import OUTAGES
from services.extraction.errors import LeaseLost
from services.extraction.settings import RunSettings
from services.extraction.store import ExtractionStore

_log = logging.getLogger(__name__)


class KeptAlive:
    """``async with``: extends the lease of a run; the block ends with ``LeaseLost`` when it is not ours any more.

    An unreachable database is borne until the lease has run out: from then on somebody else may run.
    """

    def __init__(self, store: ExtractionStore, record: ExtractionRecord, settings: RunSettings) -> None:
        if record.lease is None:
            raise ValueError("a claimed run has a lease")
        self._store = store
        self._file_id = record.id
        self._until = record.lease.until
        self.token: UUID = record.lease.token
        self._settings = settings
        self._lost = False

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        self._beating = asyncio.create_task(self._beat(), name="lease")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._beating.cancel()
        if not self._lost:
            await asyncio.wait({self._beating})
            return
        if kind is not asyncio.CancelledError:
            with suppress(asyncio.CancelledError):  # ours, which came when the block had just ended
                await asyncio.sleep(0)
        # Our own cancellation is taken back, as asyncio.timeout does; somebody else's stays one.
        if self._owner and self._owner.uncancel() == 0:
            raise LeaseLost from error

    def check(self) -> None:
        """Raise ``LeaseLost`` when the lease has run out: a process that was suspended must not write."""
        if now() >= self._until:
            raise LeaseLost

    def stop(self) -> None:
        """Send no more signs of life: from now on the token alone decides whether the run is ours."""
        self._beating.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat.total_seconds())
            until = now() + self._settings.lease
            try:
                alive = await self._store.extend(self._file_id, self.token, until)
            except OUTAGES as error:
                _log.warning("sign of life not written", extra={"error": type(error).__name__})
                alive = now() < self._until
            else:
                self._until = until
            if not alive:
                self._lost = True
                if self._owner:
                    self._owner.cancel()
                return
