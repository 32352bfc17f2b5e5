"""Reading a document through the sandbox as the service does, for tests and benchmarks."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from services.extraction.content import ErrorCode, Limits, Reason, Warn
from services.extraction.folders import private_folder
from services.extraction.protocol import SOURCE_NAME, Begun, Finding, HeavyReport, PageReport, WarningReport
from services.extraction.reading import ChildFailed
from services.extraction.sandbox import Sandbox


@dataclass(frozen=True)
class Outcome:
    """What became of a document."""

    reports: list[Finding]
    code: ErrorCode | None
    reason: Reason | None
    diagnosis: str | None
    seconds: float
    peak_bytes: int
    left_alive: list[int]
    """Processes of the child that were still there when its reading was closed."""

    @property
    def texts(self) -> list[str]:
        """Give the text of each page."""
        return [report.text for report in self.reports if isinstance(report, PageReport)]

    @property
    def warnings(self) -> set[Warn]:
        """Give the warnings."""
        return {report.warning for report in self.reports if isinstance(report, WarningReport)}

    @property
    def media_type(self) -> str:
        """Give the type found."""
        return next((report.media_type for report in self.reports if isinstance(report, Begun)), "")

    @property
    def heavy(self) -> bool:
        """Whether the document said that it is a long one."""
        return any(isinstance(report, HeavyReport) for report in self.reports)


async def read_in_sandbox(
    sandbox: Sandbox,
    base: Path,
    content: bytes,
    suffix: str,
    *,
    declared_type: str = "",
    seconds: float = 30,
    limits: Limits | None = None,
    niceness: int = 5,
) -> Outcome:
    """Read a document in a fresh private folder below ``base``; the folder is gone afterwards."""
    async with private_folder(base) as folder:
        await asyncio.to_thread((folder / SOURCE_NAME).write_bytes, content)
        began = time.monotonic()
        code = reason = diagnosis = None
        async with sandbox.open(
            folder,
            suffix=suffix,
            declared_type=declared_type,
            limits=limits or Limits(),
            seconds=seconds,
            niceness=niceness,
        ) as reading:
            reports = [report async for report in reading.reports()]
            try:
                await reading.verdict()
            except ChildFailed as error:
                code, reason, diagnosis = error.code, error.reason, error.diagnosis
        ended = await reading._exit_report()
        took = time.monotonic() - began
        left_alive = alive_in(folder)
    return Outcome(reports, code, reason, diagnosis, took, ended.peak_bytes if ended else 0, left_alive)


def alive_in(folder: Path) -> list[int]:
    """Find processes whose working folder this is; its path in their mount namespace is another."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found
