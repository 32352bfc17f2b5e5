"""Seccomp filters in classic BPF: which system calls fail in the children (seccomp(2), bpf(4)).

They take away what no extractor needs, so that a document that takes one over finds neither network nor processes nor
the corners of the kernel that holes are found in. They need no privilege, hence work in containers where namespaces are
not allowed. Calls fail with an error instead of killing, so that libraries that merely probe for a call live on.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Iterator, Mapping

from services.extraction import syscalls

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_AF_UNIX = 1
_DATAGRAMS = 0b10
"""The bit by which SOCK_DGRAM (2), and SOCK_RAW (3), which means the same here, differ from the streams (1 and 5)."""

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (clone(2))."""

_F_SETOWN, _F_SETOWN_EX = 8, 15
"""Who gets signals about a file (fcntl(2)): with these, anybody may be sent any signal."""

_X32_CALLS = 0x40000000
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kernel's names of the architectures (``AUDIT_ARCH_…``)."""

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip when true, when false, operand."""

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

_libc = ctypes.CDLL(None, use_errno=True)


def refuse_network_calls() -> bool:
    """Make sockets fail for every family but AF_UNIX, and ``connect`` for all; False where not supported.

    LibreOffice listens on a socket of its own, which nobody calls. Sockets of others are out of reach: what is sent by
    a stream needs a connection, and datagrams, which do not, fail as other families do.
    """
    if platform.machine() not in _ARCHITECTURES:
        return False
    calls = _numbers(syscalls.SOCKETS)
    return _install(
        [
            *_refuse(calls["connect"], errno.ECONNREFUSED),
            *_only_streams(calls["socket"]),
            *_only_streams(calls["socketpair"]),
        ]
    )


def refuse_kernel_interfaces() -> bool:
    """Make calls fail that neither parsers nor converters need: other processes, namespaces, mounts, the machine.

    Limits can be changed for the calling process alone. Signals are not refused, as converters send them to their own
    children: detection and converters are kept from killing others by a PID namespace, a user of their own or Landlock
    (version 6), and where there is none of these they may kill what has the service's user.
    """
    groups = (syscalls.OTHER_PROCESSES, syscalls.NAMESPACES, syscalls.RISKY, syscalls.MACHINE)
    clone = _numbers(syscalls.CLONE)
    limits = _numbers(syscalls.BY_ARGUMENT)["prlimit64"]
    return _install(
        [
            *_refuse_all(_numbers(*groups), errno.EPERM),
            *_refuse_where(limits, (_EQUAL, 1, 0, 0), errno.EPERM),
            # The flags of clone3 are out of a filter's reach; without the call glibc falls back to clone.
            *_refuse(clone["clone3"], errno.ENOSYS),
            *_refuse_where(clone["clone"], (_ANY_BIT, 0, 1, _CLONE_NAMESPACES), errno.EPERM),
        ]
    )


def refuse_new_processes() -> bool:
    """Make forks, programs, sockets and signals to others fail; threads stay possible."""
    clone, checked = _numbers(syscalls.CLONE), _numbers(syscalls.BY_ARGUMENT)
    return _install(
        [
            *_refuse_all(_numbers(syscalls.PROGRAMS, syscalls.SOCKETS, syscalls.SIGNALS), errno.EPERM),
            *_refuse_where(checked["tgkill"], (_EQUAL, 1, 0, os.getpid()), errno.EPERM),
            *_refuse_where(checked["fcntl"], (_EQUAL, 0, 1, _F_SETOWN), errno.EPERM, _SECOND_ARGUMENT),
            *_refuse_where(checked["fcntl"], (_EQUAL, 0, 1, _F_SETOWN_EX), errno.EPERM, _SECOND_ARGUMENT),
            *_refuse_all(_numbers(syscalls.FORKS), errno.EAGAIN),
            *_refuse(clone["clone3"], errno.ENOSYS),
            *_refuse_where(clone["clone"], (_ANY_BIT, 1, 0, _CLONE_THREAD), errno.EAGAIN),
        ]
    )


def _numbers(*groups: Mapping[str, tuple[int, int | None]]) -> dict[str, int]:
    return syscalls.numbers(platform.machine(), *groups)


def _refuse_all(calls: Mapping[str, int], error: int) -> Iterator[Instruction]:
    for call in calls.values():
        yield from _refuse(call, error)


def _refuse(call: int, error: int) -> Iterator[Instruction]:
    yield (_EQUAL, 0, 1, call)
    yield (_RETURN, 0, 0, _FAIL | error)


def _refuse_where(call: int, test: Instruction, error: int, argument: int = _FIRST_ARGUMENT) -> Iterator[Instruction]:
    """Refuse a call depending on the lower half of an argument: where ``test`` does not skip the next instruction."""
    yield (_EQUAL, 0, 4, call)
    yield (_LOAD, 0, 0, argument)
    yield test
    yield (_RETURN, 0, 0, _FAIL | error)
    yield (_LOAD, 0, 0, _NUMBER)


def _only_streams(call: int) -> Iterator[Instruction]:
    yield from _refuse_where(call, (_EQUAL, 1, 0, _AF_UNIX), errno.EPERM)
    yield from _refuse_where(call, (_ANY_BIT, 0, 1, _DATAGRAMS), errno.EPERM, _SECOND_ARGUMENT)


def _install(rules: Iterable[Instruction]) -> bool:
    """Put the rules between a check of the architecture and a final "allow"; they find the call's number loaded."""
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[platform.machine()]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_CALLS),
        (_RETURN, 0, 0, _KILL),
        *rules,
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    arguments = (ctypes.c_ulong(_SECCOMP_MODE_FILTER), header, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return bool(_libc.prctl(_PR_SET_SECCOMP, *arguments) == 0)
