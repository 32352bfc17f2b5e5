"""Landlock (landlock(7)): which files a child may touch, asked of the kernel without privileges (Linux 5.13 and later).

A ruleset names the rights it takes away and, per path, those it leaves. TCP (version 4) and what reaches processes
outside (abstract sockets and signals, version 6) are taken away wholly. A restricted process and all its descendants
stay so; it must have given up new privileges before.
"""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on every architecture."""

_VERSION_FLAG = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHARACTER_DEVICE, _MAKE_BLOCK_DEVICE = 1 << 6, 1 << 11
_TRUNCATE, _CONTROL_DEVICE = 1 << 14, 1 << 15
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many of the file rights, counted from the lowest bit, a version knows from then on."""

_ALL_TCP, _TCP_SINCE = 0b11, 4
_ALL_SCOPES, _SCOPES_SINCE = 0b11, 6
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _CONTROL_DEVICE
"""The rights that make sense for a path that is no folder; the kernel refuses the others there."""

MAKE_AND_REMOVE_SOCKETS = 1 << 5 | 1 << 9
READ = _EXECUTE | _READ_FILE | _READ_DIR
CHANGE = ~(_EXECUTE | _MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE | _CONTROL_DEVICE)
"""Everything that is done with ordinary files, except running them."""

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of Landlock's interface the kernel has; 0 for none."""
    return max(0, _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def restrict(rules: Mapping[int, Iterable[str]]) -> bool:
    """Leave this process only these rights on these paths and what is below; paths that do not exist are passed over.

    False where the kernel has no Landlock; an ``OSError`` when it has but would not.
    """
    current = version()
    if not current:
        return False
    handled = (1 << max(count for since, count in _RIGHTS_BY_VERSION.items() if since <= current)) - 1
    with _ruleset(current, handled) as ruleset:
        for rights, paths in rules.items():
            for path in paths:
                _leave(ruleset, path, rights & handled)
        _check(_call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    return True


@contextmanager
def _ruleset(current: int, handled: int) -> Iterator[int]:
    tcp = _ALL_TCP if current >= _TCP_SINCE else 0
    scopes = _ALL_SCOPES if current >= _SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", handled, tcp, scopes)
    ruleset = _check(_call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    try:
        yield ruleset
    finally:
        os.close(ruleset)


def _leave(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        rights = rights if os.path.isdir(path) else rights & _OF_FILES  # noqa: PTH112 - plain strings
        rule = struct.pack("=Qi", rights, beneath)
        _check(_call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)))
    finally:
        os.close(beneath)


def _call(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
