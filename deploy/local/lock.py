"""At most one stack per folder: a file lock that the kernel releases with its holder, however that ends."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 120.0
PERIOD = 0.1


class AlreadyRunning(Exception):
    """Somebody else holds the lock; the text says which process and how to end it."""


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock and leave our process id in it; raises ``AlreadyRunning``."""
    with path.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise AlreadyRunning(
                f"Satchel is already running here (process {held.read().strip()}); `make stop` ends it."
            ) from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        yield


def holder(path: Path) -> int | None:
    """Give the process that holds the lock, ``None`` when nobody does."""
    if not path.exists():
        return None
    with path.open("r") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(held.read().strip() or 0) or None
    return None


def end(path: Path) -> bool:
    """Ask the holder to end and wait until it has; false when there was none. Raises ``TimeoutError``."""
    process = holder(path)
    if process is None:
        return False
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while holder(path) == process:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Process {process} has not stopped within {STOP_SECONDS:g} s.")
        time.sleep(PERIOD)
    return True
