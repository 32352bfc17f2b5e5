"""One running process of a part: started with its log in a file, ended together with everything it started."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from pathlib import Path
from textwrap import indent
from typing import Self

from deploy.local.credentials import write_private
from deploy.local.part import Part

ROOT = Path(__file__).parents[2]
"""The project's folder, in which every part runs."""
LOG_LINES_SHOWN = 20
LOG_BYTES_READ = 64 * 1024
LOG_BYTES_KEPT = 32 * 1024 * 1024


class PartProcess:
    """A part while it runs. It leads a process group of its own, so a Ctrl-C in the terminal does not reach it."""

    def __init__(self, part: Part, process: asyncio.subprocess.Process, log: Path, log_start: int) -> None:
        self.part = part
        self._process = process
        self._log, self._log_start = log, log_start

    @classmethod
    async def start(cls, part: Part, log: Path) -> Self:
        """Write the part's files and start it; ``log`` is appended to. Raises ``OSError`` when it cannot be run.

        ``setpriv`` has the kernel kill the process when we die without having stopped it (prctl(2),
        PR_SET_PDEATHSIG): an end that nothing outlives even when we are killed ourselves.
        """
        prepare(part)
        rotate(log)
        with log.open("ab") as output:
            log_start = output.tell()
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--", *part.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **part.environment},
                cwd=ROOT,
                start_new_session=True,
            )
        return cls(part, process, log, log_start)

    @property
    def pid(self) -> int:
        """The process's id, which is its group's too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; a negative number is the signal that ended it."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, insist after the part's grace, and leave nothing of its group behind."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.part.grace.total_seconds()):
                await self._process.wait()
        except TimeoutError:
            pass  # what is left of the group is killed below
        finally:
            self._signal(signal.SIGKILL)
        await self._process.wait()

    def log_end(self) -> str:
        """Give the last lines it wrote, indented for a report."""
        end = log_end(self._log, since=self._log_start)
        return indent(end or "(its log is empty)", "    ")

    def kill(self) -> None:
        """End the whole group at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # the group is already gone, which is what we want
            os.killpg(self.pid, number)


def prepare(part: Part) -> None:
    """Make the folders and write the files that the part expects."""
    for folder in part.folders:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path, text in part.files.items():
        write_private(path, text)


def rotate(log: Path) -> None:
    """Set a log that has grown large aside, keeping one older one."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".old.log"))


def log_end(log: Path, *, since: int = 0, lines: int = LOG_LINES_SHOWN) -> str:
    """Give the last lines of a log, none from before byte ``since``; reads only the end. Empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as source:
        source.seek(max(since, log.stat().st_size - LOG_BYTES_READ))
        text = source.read().decode(errors="replace")
    return "\n".join(deque(text.splitlines(), maxlen=lines))
