"""The process every child is forked from: ``python -m services.extraction.template SOCKET [MODULE...]``.

Importing the extractors takes most of a second; forking a process that has done so takes milliseconds. The template
never opens a document, has an empty environment and no threads, leaves the network before it takes a task
and gives each one to a *keeper* (``keeper``) that belongs to nobody. It ends when the service closes the socket.

``MODULE`` names further modules with extractors; tests bring their misbehaving ones this way.
"""

import array
import gc
import os
import signal
import socket
import sys
from contextlib import nullcontext, suppress

import chardet

from services.extraction import confinement, syscall_filter
from services.extraction.extractors import registry
from services.extraction.huge_pages import collapse_memory
from services.extraction.keeper import keep
from services.extraction.protocol import InForce, Task

_BEYOND_ASCII = "é".encode() * 200
"""What makes chardet load its models, which takes 70 ms: done here, children share them."""
MAX_TASK_BYTES = 16_384
_DESCRIPTORS = 2
_REFUSED = 1


def main() -> None:
    """Prepare, report which layers of confinement are in force, then fork a keeper per task."""
    service = socket.socket(fileno=int(sys.argv[1]))
    os.environ.clear()
    registry.load_all(sys.argv[2:])
    chardet.detect(_BEYOND_ASCII)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the service decides when we end
    confinement.adopt_orphans()
    in_force = _confine()
    # Keepers are forgotten, so nobody waits for them; the kernel must not keep their remains.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    collapse_memory()
    service.send(in_force.model_dump_json().encode())
    _serve(service, in_force)


def _confine() -> InForce:
    confinement.forbid_new_privileges()
    network = confinement.leave_network() or (
        _child_can(confinement.leave_network_as_user) and confinement.leave_network_as_user()
    )
    filtered = syscall_filter.refuse_network_calls()
    return InForce(
        network_namespace=network,
        pid_namespace=_child_can(confinement.enter_pid_namespace),
        mount_namespace=_child_can(confinement.can_hide_shared_folders),
        landlock=_child_can(confinement.restrict_files),
        syscall_filter=filtered,
        own_user=os.geteuid() == 0 and _child_can(confinement.nobody_can_import),
    )


def _child_can(attempt: confinement.Attempt) -> bool:
    """Try in a child what cannot be undone."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if attempt() else _REFUSED)
    return os.waitpid(pid, 0)[1] == 0


def _serve(service: socket.socket, in_force: InForce) -> None:
    while True:
        body, descriptors = _receive(service)
        if not body:
            return
        if len(descriptors) == _DESCRIPTORS:
            _fork_keeper(service, Task.model_validate_json(body), in_force, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _receive(service: socket.socket) -> tuple[bytes, list[int]]:
    """Take one task and its descriptors: the keeper's end of the control socket, the pipe for reports."""
    body, ancillary, _, _ = service.recvmsg(MAX_TASK_BYTES, socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return body, list(descriptors)


def _fork_keeper(service: socket.socket, task: Task, in_force: InForce, descriptors: list[int]) -> None:
    """Fork a keeper, as the first process of a PID namespace where there may be one."""
    with confinement.children_in_pid_namespace() if in_force.pid_namespace else nullcontext():
        if os.fork():
            return
    service.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control, reports = descriptors
    keep(socket.socket(fileno=control), reports, task, in_force)


if __name__ == "__main__":
    with suppress(BrokenPipeError, ConnectionResetError):  # the service is gone, and so are we
        main()
