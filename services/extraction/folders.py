"""Private folders for documents being read, and the end of those that a killed process left behind."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from libs.errors import DependencyUnavailable

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
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def remove_abandoned(base: Path) -> None:
    """Remove folders of processes that were killed; called once at start."""
    limit = time.time() - _ABANDONED_AFTER.total_seconds()
    for folder in base.glob(f"{_PREFIX}*"):
        if folder.is_dir() and not folder.is_symlink() and folder.stat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)
