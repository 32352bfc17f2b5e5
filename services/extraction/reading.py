"""One child at work, as the service sees it: bounded reports, then a verdict."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator

from pydantic import ValidationError

from services.extraction import protocol
from services.extraction.content import ErrorCode, Limits, Reason
from services.extraction.protocol import Ended, Exit, Finding, PageReport, Report, Task

_log = logging.getLogger(__name__)

_LARGE_FRAME_BYTES = 256 * 1024
"""Frames above this are parsed in a thread, so that the event loop does not stall."""

_EXIT_SECONDS = 10.0
_EXIT_BYTES = 4096
_NEAR_LIMIT = 0.5
"""A parser that aborts above this share of its memory limit ran out of it: one large allocation failed."""


class ChildFailed(Exception):
    """The document cannot be read; ``code`` says why, ``reason`` more exactly. ``diagnosis`` is for logs."""

    def __init__(self, code: ErrorCode, reason: Reason | None = None, diagnosis: str | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.reason = reason
        self.diagnosis = diagnosis


class ProtocolViolated(Exception):
    """The child said something it must not say; it is killed and the document counts as ``crashed``."""


class Reading:
    """Read ``reports`` to their end, then ask ``verdict``; ``aclose`` leaves nothing of the child."""

    def __init__(
        self,
        task: Task,
        seconds: float,
        control: socket.socket,
        stream: asyncio.StreamReader,
        transport: asyncio.ReadTransport,
    ) -> None:
        """``control`` leads to the keeper, ``stream`` brings the child's frames; both are closed here."""
        self._task = task
        self._seconds_left = seconds
        self._control = control
        self._stream = stream
        self._transport = transport
        self._failure: ErrorCode | None = None
        self._ended: Ended | None = None
        self._exit: Exit | None = None

    async def reports(self) -> AsyncIterator[Finding]:
        """Give what the child reports, validated, until it ends, breaks off or is out of time."""
        bounds = Bounds(self._task.limits)
        while True:
            try:
                report = await self._next_in_time()
                bounds.check(report)
            except TimeoutError:
                self._failure = ErrorCode.TIMEOUT
                return
            except asyncio.IncompleteReadError:
                return
            except (ProtocolViolated, ValidationError) as error:
                _log.warning("a child broke the protocol", extra={"error": type(error).__name__})
                self._failure = ErrorCode.CRASHED
                return
            if isinstance(report, Ended):
                self._ended = report
                return
            yield report

    def extend(self, seconds: float) -> None:
        """Give the child more time than it began with."""
        self._seconds_left += seconds

    async def verdict(self) -> None:
        """Return when the document was read to its end; raise ``ChildFailed`` otherwise."""
        if self._failure:
            raise ChildFailed(self._failure)
        if self._ended is None:
            raise ChildFailed(_code_of(await self._exit_report(), self._task))
        if self._ended.error:
            raise ChildFailed(self._ended.error, self._ended.reason, self._ended.diagnosis)

    async def aclose(self) -> None:
        """Have whatever is left of the child killed, and wait until it is."""
        self._transport.close()
        try:
            self._control.shutdown(socket.SHUT_WR)
            if await self._exit_report() is None:
                _log.error("a child did not end", extra={"folder": self._task.folder})
        except OSError:
            _log.warning("a keeper ended before its child was reported")
        finally:
            self._control.close()

    async def _next_in_time(self) -> Report:
        loop = asyncio.get_running_loop()
        before = loop.time()
        async with asyncio.timeout(self._seconds_left):
            report = await self._next()
        self._seconds_left -= loop.time() - before
        return report

    async def _next(self) -> Report:
        (untrusted_length,) = protocol.HEADER.unpack(await self._stream.readexactly(protocol.HEADER.size))
        if untrusted_length > protocol.MAX_FRAME_BYTES:
            raise ProtocolViolated
        untrusted_body = await self._stream.readexactly(untrusted_length)
        if untrusted_length > _LARGE_FRAME_BYTES:
            return await asyncio.to_thread(protocol.decode, untrusted_body)
        return protocol.decode(untrusted_body)

    async def _exit_report(self) -> Exit | None:
        """Wait for the keeper's word on how the child ended; None when the keeper is gone or silent."""
        if self._exit is None:
            try:
                async with asyncio.timeout(_EXIT_SECONDS):
                    body = await asyncio.get_running_loop().sock_recv(self._control, _EXIT_BYTES)
            except (TimeoutError, OSError):
                return None
            self._exit = Exit.model_validate_json(body) if body else None
        return self._exit


class Bounds:
    """The sum of what one child may report; checked again here because the child's own caps prove nothing."""

    def __init__(self, limits: Limits) -> None:
        self._pages = limits.pages
        self._characters = limits.characters
        self._page_characters = limits.page_characters
        self._others = protocol.MAX_REPORTS_BESIDES_PAGES
        self._last_number = 0

    def check(self, report: Report) -> None:
        """Count a report; raises ``ProtocolViolated``."""
        if not isinstance(report, PageReport):
            self._others -= 1
        else:
            self._pages -= 1
            self._characters -= len(report.text)
            if report.number <= self._last_number or len(report.text) > self._page_characters:
                raise ProtocolViolated
            self._last_number = report.number
        if min(self._pages, self._characters, self._others) < 0:
            raise ProtocolViolated


def _code_of(exit_report: Exit | None, task: Task) -> ErrorCode:
    """Say what the end of a child that did not say goodbye means."""
    if exit_report is None:
        return ErrorCode.CRASHED
    if exit_report.signal == signal.SIGXCPU or exit_report.cpu_seconds >= task.cpu_seconds:
        return ErrorCode.TIMEOUT
    if exit_report.signal == signal.SIGKILL and not exit_report.killed:
        return ErrorCode.OUT_OF_MEMORY  # the kernel's choice when the machine or the container is full
    if exit_report.signal and exit_report.peak_bytes > task.memory_bytes * _NEAR_LIMIT:
        return ErrorCode.OUT_OF_MEMORY
    return ErrorCode.CRASHED
