"""Keeps one template process alive and hands it tasks."""

import asyncio
import logging
import os
import socket
import sys
from pathlib import Path

import services
from services.extraction.protocol import InForce

_log = logging.getLogger(__name__)

_ROOT = Path(services.__path__[0]).parent
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_HELLO_BYTES = 4096


class TemplateProcess:
    """Starts the template when it is first needed and again when it died."""

    def __init__(self, extra_modules: tuple[str, ...]) -> None:
        self._extra_modules = extra_modules
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process and self.alive else None

    async def start(self) -> None:
        """Start the process unless it runs; raises ``OSError`` or ``TimeoutError``."""
        async with self._lock:
            if not self.alive:
                await self._stop()
                await self._start()

    async def stop(self) -> None:
        """End the process; children at work are not touched."""
        async with self._lock:
            await self._stop()

    async def send(self, task: bytes, descriptors: list[int]) -> None:
        """Hand over a task with its descriptors; raises ``OSError`` or ``TimeoutError``."""
        await self.start()
        if self._socket is None:
            raise ConnectionResetError
        socket.send_fds(self._socket, [task], descriptors)

    async def _start(self) -> None:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.setblocking(False)
        self._socket = near
        with far:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                # -P: without it the working folder, all of "/", would count as part of the installation
                *("-P", "-X", "utf8", "-m", "services.extraction.template", str(far.fileno()), *self._extra_modules),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(filter(None, (os.fspath(_ROOT), *sys.path)))},
                cwd="/",
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_SECONDS):
                hello = await asyncio.get_running_loop().sock_recv(near, _HELLO_BYTES)
            in_force = InForce.model_validate_json(hello)
        except BaseException:
            await self._stop()
            raise
        _log.info("sandbox ready", extra=in_force.model_dump())

    async def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None and self._process.returncode is None:
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._process = None
