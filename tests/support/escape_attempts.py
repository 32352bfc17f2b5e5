"""An extractor that was taken over: it tries the ways out of a child, one page each, and says how each one ended.

The document names what lies outside, as JSON: ``{"files": […], "folder", "pid", "tcp", "unix", "abstract"}``.
"""

import ctypes
import errno
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from services.extraction.content import Limits, Page
from services.extraction.extractors.registry import extracts

ESCAPED = "escaped"
_libc = ctypes.CDLL(None, use_errno=True)

Outside = Mapping[str, Any]


@extracts("text/x-escape", suffixes=(".escape",))
def escape(source: Path, _limits: Limits) -> Iterator[Page]:
    """Try everything."""
    yield from _try_all(json.loads(source.read_text()), {**_ATTEMPTS, "run a program from memory": _run_from_memory})


@extracts("text/x-escape-allowed", suffixes=(".escapes",), needs_processes=True)
def escape_from_converter(source: Path, _limits: Limits) -> Iterator[Page]:
    """Try everything that a converter, which may start programs, must not."""
    yield from _try_all(json.loads(source.read_text()), {**_ATTEMPTS, "leave by clone": _clone_namespace})


def _try_all(outside: Outside, attempts: Mapping[str, Callable[[Outside], object]]) -> Iterator[Page]:
    for name, attempt in attempts.items():
        yield Page(_outcome(attempt, outside), label=name)


def _outcome(attempt: Callable[[Outside], object], outside: Outside) -> str:
    try:
        attempt(outside)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ESCAPED


def _syscall(number: int, *arguments: int) -> None:
    if _libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _read_any(paths: list[str]) -> None:
    """Succeed when one of the files can be read; the last error otherwise."""
    refused = OSError(errno.ENOENT, "nothing to read")
    for path in paths:
        try:
            Path(path).read_bytes()
        except OSError as error:
            refused = error
        else:
            return
    raise refused


def _connect(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        client.connect(address)


def _run_from_memory(_outside: Outside) -> None:
    program = os.memfd_create("program")
    os.write(program, b"#!/bin/sh\n")
    os.execve(program, ["program"], {})  # noqa: S606 - this is the attack


def _clone_namespace(_outside: Outside) -> None:
    new_user_namespace, exit_signal = 0x10000000, signal.SIGCHLD
    _syscall(56 if os.uname().machine == "x86_64" else 220, new_user_namespace | exit_signal, 0, 0, 0, 0)


def _number(name: str) -> int:
    from services.extraction import syscalls  # noqa: PLC0415 - beside its only use

    groups = (syscalls.BY_ARGUMENT, syscalls.OTHER_PROCESSES, syscalls.NAMESPACES, syscalls.RISKY, syscalls.MACHINE)
    return syscalls.numbers(os.uname().machine, *groups)[name]


def _raw(name: str, *arguments: int) -> Callable[[Outside], None]:
    return lambda _outside: _syscall(_number(name), *arguments)


_ATTEMPTS: Mapping[str, Callable[[Outside], object]] = {
    "read files": lambda outside: _read_any(outside["files"]),
    "list a folder": lambda outside: list(Path(outside["folder"]).iterdir()),
    "write a file": lambda outside: Path(outside["folder"], "written").write_text("x"),
    "remove a file": lambda outside: Path(outside["files"][0]).unlink(),
    "read another's environment": lambda outside: Path(f"/proc/{outside['pid']}/environ").read_bytes(),
    "open another's memory": lambda outside: os.open(f"/proc/{outside['pid']}/mem", os.O_RDWR),
    "signal another": lambda outside: os.kill(outside["pid"], 0),
    "signal another's thread": lambda outside: _syscall(_number("tgkill"), outside["pid"], outside["pid"], 0),
    "change another's limits": lambda outside: _syscall(_number("prlimit64"), outside["pid"], 7, 0, 0),
    "connect by TCP": lambda outside: _connect(socket.AF_INET, ("127.0.0.1", outside["tcp"])),
    "connect to a Unix socket": lambda outside: _connect(socket.AF_UNIX, outside["unix"]),
    "connect to an abstract socket": lambda outside: _connect(socket.AF_UNIX, "\0" + outside["abstract"]),
    "send a datagram": lambda _: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "send a datagram by a pair": lambda _: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "open a netlink socket": lambda _: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "open a packet socket": lambda _: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "open a vsock": lambda _: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "open an io_uring": _raw("io_uring_setup", 1, 0),
    "trace another": lambda outside: _syscall(_number("ptrace"), 16, outside["pid"], 0, 0),
    "read another's memory": lambda outside: _syscall(_number("process_vm_readv"), outside["pid"], 0, 0, 0, 0, 0),
    "take another's descriptor": _raw("pidfd_getfd", 0, 0, 0),
    "make a user namespace": _raw("unshare", 0x10000000),
    "enter a namespace": _raw("setns", 0, 0),
    "mount": _raw("mount", 0, 0, 0, 0, 0),
    "load a BPF program": _raw("bpf", 0, 0, 0),
    "open a performance event": _raw("perf_event_open", 0, 0, 0, 0, 0),
    "handle page faults": _raw("userfaultfd", 0),
    "use the kernel's keys": _raw("keyctl", 0, 0, 0, 0, 0),
    "become another user": lambda _: os.setuid(12_345),
    "leave by a folder's change": lambda _: os.chroot("/"),
}
