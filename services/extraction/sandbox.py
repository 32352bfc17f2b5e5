"""Reads documents in children nobody trusts; the service's side of the wall.

One child per document, forked from a prepared process (``template``) that is started again when it dies. Whatever comes
out of a child is named ``untrusted_…`` until it is validated and bounded. A child lives no longer than its ``Reading``:
closing the control socket, which the end of this process does too, makes its keeper kill everything it left.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import FileIO
from pathlib import Path

from libs.errors import DependencyUnavailable
from services.extraction.content import Limits
from services.extraction.protocol import Task
from services.extraction.reading import Reading
from services.extraction.settings import SandboxSettings
from services.extraction.template_process import TemplateProcess

_log = logging.getLogger(__name__)

DEFAULT_NICENESS = 1
"""Children come after the service itself, but not so far that other work on the machine starves them."""

_START_SECONDS = 10.0
_STREAM_BUFFER_BYTES = 256 * 1024
_STARTED_BYTES = 16


class Sandbox:
    """Gives out readings, at most one per slot at a time; ``slots`` is the concurrency."""

    def __init__(self, settings: SandboxSettings, *, slots: int, extra_modules: tuple[str, ...] = ()) -> None:
        """``extra_modules`` hold further extractors; only tests have any."""
        self._settings = settings
        self._template = TemplateProcess(extra_modules)
        self._slots: asyncio.Queue[int] = asyncio.Queue()
        for slot in range(slots):
            self._slots.put_nowait(slot)

    async def start(self) -> None:
        """Prepare the template, so that the first document need not wait for it."""
        try:
            await self._template.start()
        except (OSError, TimeoutError, ValueError) as error:
            raise DependencyUnavailable("sandbox") from error

    async def aclose(self) -> None:
        """End the template. Readings still open keep their children until they are closed themselves."""
        await self._template.stop()

    @asynccontextmanager
    async def open(
        self,
        folder: Path,
        *,
        suffix: str,
        declared_type: str = "",
        limits: Limits,
        seconds: float,
        longest: float | None = None,
        niceness: int = DEFAULT_NICENESS,
    ) -> AsyncIterator[Reading]:
        """Start a child on ``folder / SOURCE_NAME``; on leaving the block, nothing of it is left.

        ``seconds`` is how long the child may take, not counting what the caller does between reports; ``longest`` is
        the most that ``Reading.extend`` will make of it, to which the limit of processor time is set. Raises
        ``DependencyUnavailable`` when no child can be started.
        """
        slot = await self._slots.get()
        try:
            longest = max(seconds, longest or 0)
            task = self._settings.task(
                folder,
                suffix=suffix,
                declared_type=declared_type,
                limits=limits,
                slot=slot,
                seconds=longest,
                niceness=niceness,
            )
            reading = await self._start(task, seconds)
            try:
                yield reading
            finally:
                await reading.aclose()
        finally:
            self._slots.put_nowait(slot)

    async def _start(self, task: Task, seconds: float) -> Reading:
        """Hand the task over; a template that does not take it is replaced once."""
        for _ in range(2):
            try:
                return await self._launch(task, seconds)
            except (OSError, TimeoutError, ValueError) as error:
                _log.warning("the template process did not take a task", extra={"error": repr(error)})
                await self._template.stop()
        raise DependencyUnavailable("sandbox")

    async def _launch(self, task: Task, seconds: float) -> Reading:
        control, far_control, pipe, far_reports = _open_channels()
        try:
            try:
                await self._template.send(task.model_dump_json().encode(), [far_control.fileno(), far_reports])
            finally:
                far_control.close()
                os.close(far_reports)
            await _await_start(control)
            stream = asyncio.StreamReader(limit=_STREAM_BUFFER_BYTES)
            protocol = asyncio.StreamReaderProtocol(stream)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        except BaseException:
            control.close()
            pipe.close()
            raise
        return Reading(task, seconds, control, stream, transport)


def _open_channels() -> tuple[socket.socket, socket.socket, FileIO, int]:
    """Make the control socket's two ends and the pipe for reports; raises ``OSError`` and leaves nothing open then."""
    control, far_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        reports, far_reports = os.pipe()
    except OSError:
        control.close()
        far_control.close()
        raise
    control.setblocking(False)
    return control, far_control, FileIO(reports, "rb"), far_reports


async def _await_start(control: socket.socket) -> None:
    """Wait for the keeper's word that the child runs; raises ``TimeoutError`` or ``OSError``."""
    async with asyncio.timeout(_START_SECONDS):
        if not await asyncio.get_running_loop().sock_recv(control, _STARTED_BYTES):
            raise ConnectionResetError
