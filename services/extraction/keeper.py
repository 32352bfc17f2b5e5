"""Stands between the service and the child that reads a document; runs none of the document's code.

The keeper forks the worker, waits until it ends or the service closes the control socket (because the deadline passed,
or because the service died), kills whatever is left, and says how the worker ended. In a PID namespace it is the first
process, so its own end takes everything along; elsewhere it adopts orphans and kills until none is left.
"""

import os
import select
import signal
import socket
from contextlib import suppress
from typing import NoReturn

from services.extraction import confinement
from services.extraction.protocol import Exit, InForce, Task
from services.extraction.worker import work

STARTED = b"started"
_SHORT_MILLISECONDS = 500
_GIVEN_WAY = 5
"""Added to the niceness: a third of the share in a contended processor. More would let a busy machine starve the
child, whose time runs on."""


def keep(control: socket.socket, reports: int, task: Task, in_force: InForce) -> NoReturn:
    """Run one task to its end, however it ends."""
    os.setsid()
    confinement.adopt_orphans()
    if in_force.own_user:
        confinement.give_folder_to_nobody(task.folder, task.slot)
    pid = os.fork()
    if pid == 0:
        control.close()
        work(reports, task, in_force)
    os.close(reports)
    with suppress(OSError):  # the service went away: the poll below notices
        control.send(STARTED)
    killed = not _ended_by_itself(pid, control)
    _kill_all(pid, alone=in_force.pid_namespace)
    _, status, usage = os.wait4(pid, 0)
    _reap_all(alone=in_force.pid_namespace)
    report = Exit(
        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        status=os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        peak_bytes=usage.ru_maxrss * 1024,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        killed=killed,
    )
    with suppress(OSError):  # nobody left to tell
        control.send(report.model_dump_json().encode())
    os._exit(0)


def _ended_by_itself(pid: int, control: socket.socket) -> bool:
    """Wait for the worker's end (True) or the service's wish to end it (False); what takes long gives way meanwhile."""
    worker = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(worker, select.POLLIN)
    poll.register(control, select.POLLIN)
    ready = poll.poll(_SHORT_MILLISECONDS)
    if not ready:
        _give_way(pid)
        ready = poll.poll()
    return any(descriptor == worker for descriptor, _ in ready)


def _give_way(pid: int) -> None:
    """Let shorter documents go first: most take milliseconds, so one that does not can wait for them."""
    with suppress(ProcessLookupError, PermissionError):  # it has just ended
        niceness = os.getpriority(os.PRIO_PGRP, pid) + _GIVEN_WAY
        os.setpriority(os.PRIO_PGRP, pid, niceness)
        confinement.lower_session(niceness)


def _kill_all(pid: int, *, alone: bool) -> None:
    """Kill the worker and its descendants. ``alone``: every process we can see is one of them."""
    if alone:
        os.kill(-1, signal.SIGKILL)
        return
    with suppress(ProcessLookupError, PermissionError):  # no group yet, or nobody left in it
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def _reap_all(*, alone: bool) -> None:
    """Wait for every descendant; those that left the worker's process group became our children and are killed too."""
    while True:
        if not alone:
            for child in _children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 - not a file
        return [int(pid) for pid in file.read().split()]
