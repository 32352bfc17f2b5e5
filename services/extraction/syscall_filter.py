"""A seccomp filter in classic BPF: which system calls fail in the children (seccomp(2), bpf(4)).

It takes away what no extractor needs, so that a document that takes one over finds neither network nor processes. It
needs no privilege, hence works in containers where namespaces are not allowed.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Callable, Iterator, Mapping

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_AF_UNIX = 1
_CLONE_THREAD = 0x00010000
_X32_CALLS = 0x40000000

_CALLS = {
    "x86_64": (0xC000003E, {"socket": 41, "io_uring_setup": 425, "clone": 56, "clone3": 435, "fork": 57, "vfork": 58}),
    "aarch64": (0xC00000B7, {"socket": 198, "io_uring_setup": 425, "clone": 220, "clone3": 435}),
}
"""Audit architecture and call numbers of the machines we run on."""

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip when true, when false, operand."""

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

_libc = ctypes.CDLL(None, use_errno=True)


def refuse_network_calls() -> bool:
    """Make ``socket`` fail for every family but AF_UNIX, from now on and in every child; False where not supported."""
    return _install(
        lambda calls: [
            *_refuse(calls["io_uring_setup"], errno.EPERM),
            (_EQUAL, 0, 3, calls["socket"]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),
            (_EQUAL, 1, 0, _AF_UNIX),
            (_RETURN, 0, 0, _FAIL | errno.EPERM),
        ]
    )


def refuse_new_processes() -> bool:
    """Make every kind of fork fail; threads stay possible."""
    return _install(
        lambda calls: [
            # The flags of clone3 are out of a filter's reach; without the call glibc falls back to clone.
            *_refuse(calls["clone3"], errno.ENOSYS),
            *(line for name in ("fork", "vfork") if name in calls for line in _refuse(calls[name], errno.EAGAIN)),
            (_EQUAL, 0, 3, calls["clone"]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),
            (_ANY_BIT, 1, 0, _CLONE_THREAD),
            (_RETURN, 0, 0, _FAIL | errno.EAGAIN),
        ]
    )


def _refuse(call: int, error: int) -> Iterator[Instruction]:
    yield (_EQUAL, 0, 1, call)
    yield (_RETURN, 0, 0, _FAIL | error)


def _install(rules: Callable[[Mapping[str, int]], list[Instruction]]) -> bool:
    """Put the rules between a check of the architecture and a final "allow"; they find the call's number loaded."""
    if platform.machine() not in _CALLS:
        return False
    architecture, calls = _CALLS[platform.machine()]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_CALLS),
        (_RETURN, 0, 0, _KILL),
        *rules(calls),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    arguments = (ctypes.c_ulong(_SECCOMP_MODE_FILTER), header, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return bool(_libc.prctl(_PR_SET_SECCOMP, *arguments) == 0)
