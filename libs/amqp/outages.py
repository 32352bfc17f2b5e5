"""What the driver raises when the broker goes away, turned into one error of ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from libs.errors import DependencyUnavailable

_FAILURES: tuple[type[Exception], ...] = (*CONNECTION_EXCEPTIONS, TimeoutError, asyncio.InvalidStateError)


def cancellations() -> int:
    """Count the cancellations requested of the current task and not taken back."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


@contextmanager
def outages_translated() -> Iterator[None]:
    """Raise ``DependencyUnavailable("broker")`` for an outage, whatever shape the driver gives it.

    Two shapes surprise. When a connection is found stuck, aiormq 7.2 ends whoever waits with ``CancelledError``: it
    is ours to pass on only if somebody cancelled this task. When the broker closes the socket between two frames, it
    throws the bare class ``Exception``; subclasses are errors of our own and pass.
    """
    before = cancellations()
    try:
        yield
    except asyncio.CancelledError as error:
        if cancellations() > before:
            raise
        raise DependencyUnavailable("broker") from error
    except _FAILURES as error:
        raise DependencyUnavailable("broker") from error
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise DependencyUnavailable("broker") from error
