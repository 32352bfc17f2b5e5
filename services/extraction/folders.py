"""Private folders for documents being read, and the end of those that a killed process left behind."""

import asyncio
import logging
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from libs.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

_PREFIX = "satchel-extraction-"
_ABANDONED_AFTER = timedelta(hours=1)
"""No run lasts this long, so an older folder belongs to nobody."""


@asynccontextmanager
async def private_folder(base: Path) -> AsyncIterator[Path]:
    """Make a folder that only this user can enter; it is gone afterwards, whatever a child left in it.

    Raises ``DependencyUnavailable`` when the disk does not take it.
    """
    try:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_PREFIX, dir=base))
    except OSError as error:
        raise DependencyUnavailable("temporary folder") from error
    try:
        yield folder
    finally:
        await asyncio.to_thread(remove_folder, folder)


def remove_abandoned(base: Path) -> None:
    """Remove folders of processes that were killed; called once at start."""
    limit = time.time() - _ABANDONED_AFTER.total_seconds()
    for folder in base.glob(f"{_PREFIX}*"):
        if folder.is_dir() and not folder.is_symlink() and folder.stat().st_mtime < limit:
            remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Remove a folder whatever a child did to it; what still resists is logged and left for the next start."""
    shutil.rmtree(folder, onerror=_insist)


def _insist(_function: object, path: str, reason: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    """Make a closed folder accessible and try once more; links are never followed."""
    entry = Path(path)
    if isinstance(reason[1], PermissionError) and entry.is_dir() and not entry.is_symlink():
        entry.chmod(stat.S_IRWXU)
        shutil.rmtree(entry, ignore_errors=True)
    elif not isinstance(reason[1], FileNotFoundError):
        _log.error("temporary files not removed", extra={"error": repr(reason[1])})
