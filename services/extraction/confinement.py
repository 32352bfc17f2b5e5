"""What the kernel is asked to enforce on a child. Every function says whether the kernel agreed.

Layers, strongest first; which are in force depends on the machine and is logged once: a network namespace without
interfaces, a PID namespace whose end is the end of everything in it, a mount namespace in which nobody else's temporary
files are, Landlock and a system call filter (``landlock``, ``syscall_filter``; neither needs a privilege), a user id of
its own, resource limits, no new privileges.
"""

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import libs
import services
from services.extraction import landlock
from services.extraction.protocol import Task

_CLONE_NEWNS = 0x00020000
_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x20000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_SIGKILL = 9
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SHARED_FOLDERS = ("/tmp", "/run")  # noqa: S108 - these become the job's own
"""Where programs put what others can find: temporary files and sockets."""

_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/magic"),
    *("/etc/fonts", "/var/cache/fontconfig", "/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice"),
    *("/sys/devices/system/cpu", "/dev/urandom"),
)
"""What libraries and converters read beside the Python installation; nothing of it is configuration of ours."""

_FIRST_USER_ID = 65_300
"""Children of a service that runs as root: Debian's policy leaves 65000 to 65533 unassigned."""

Attempt = Callable[[], bool]

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> bool:
    arguments = map(ctypes.c_ulong, (value, 0, 0, 0))
    return bool(_libc.prctl(option, *arguments) == 0)


def forbid_new_privileges() -> bool:
    """No set-user-id program gains anything from now on; inherited, and needed for the filter."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def adopt_orphans() -> bool:
    """Become the parent of descendants whose own parent ends, so that they can be found and waited for."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> bool:
    """Be killed when the parent ends, however it ends."""
    return _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def lower_session(niceness: int) -> bool:
    """Lower this session as a whole: where the kernel groups tasks by session, niceness counts within it (sched(7))."""
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as file:  # noqa: PTH123 - not a file, one write
            file.write(str(min(19, niceness)))
    except OSError:  # no such grouping, or asked for more than ten times a second
        return False
    return True


def leave_network() -> bool:
    """Enter a network (and IPC) namespace that has nothing in it."""
    return bool(_libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) == 0)


def leave_network_as_user() -> bool:
    """Do the same without privileges, in a user namespace, where the machine allows that.

    A failure half way leaves the process without an identity: try it in a child first.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) != 0:
        return False
    try:
        for name, content in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - not a file, one write
                file.write(content)
    except OSError:
        return False
    return True


def enter_pid_namespace() -> bool:
    """Make the next child the first process of a PID namespace: when it ends, the kernel kills all others in it."""
    return bool(_libc.unshare(_CLONE_NEWPID) == 0)


@contextmanager
def children_in_pid_namespace() -> Iterator[None]:
    """Fork one child as the first process of a PID namespace of its own; later ones are in ours again.

    The child leaves the block as well: it has no way back, and needs none. Raises ``OSError`` where not allowed.
    """
    parent, ours = os.getpid(), os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not enter_pid_namespace():
            raise OSError(ctypes.get_errno(), "unshare")
        yield
        if os.getpid() == parent and _libc.setns(ours, _CLONE_NEWPID) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(ours)


def hide_shared_folders() -> bool:
    """Put the working folder in the place of ``/tmp`` and ``/run``, in a mount namespace of this process's own.

    The working folder is ``/tmp`` afterwards: its former path may lead nowhere now.
    """
    if _libc.unshare(_CLONE_NEWNS) != 0 or _mount("none", "/", _MS_REC | _MS_PRIVATE) != 0:
        return False
    if any(_mount(".", folder, _MS_BIND) != 0 for folder in _SHARED_FOLDERS):
        return False
    os.chdir(_SHARED_FOLDERS[0])
    return True


def can_hide_shared_folders() -> bool:
    """Try that; not where the installation would be hidden with them, as in a checkout below ``/tmp``."""
    hidden = tuple(f"{folder}/" for folder in _SHARED_FOLDERS)
    return not any(folder.startswith(hidden) for folder in _installation()) and hide_shared_folders()


def _mount(source: str, target: str, flags: int) -> int:
    return int(_libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None))


def restrict_files(*, sockets_in_tmp: bool = False) -> bool:
    """Leave the process the installation to read and its working folder to change; False without Landlock.

    ``sockets_in_tmp``: LibreOffice insists on making, and removing, one in ``/tmp``. Where that is the common one, a
    converter could remove files of other jobs there if it knew their folders' random names, which it cannot list.
    """
    rules = {
        landlock.READ: [*_SYSTEM, *_installation()],
        landlock.CHANGE: [os.getcwd(), os.devnull],  # noqa: PTH109 - a plain string
        landlock.MAKE_AND_REMOVE_SOCKETS: _SHARED_FOLDERS[:1] if sockets_in_tmp else (),
    }
    return landlock.restrict(rules)


def _installation() -> list[str]:
    """Give the folders of Python and of its packages, and of ours only the code: its folder may hold settings too."""
    ours = [*services.__path__, *libs.__path__]
    roots = {os.path.dirname(folder) for folder in ours}  # noqa: PTH120 - plain strings
    return [sys.prefix, sys.base_prefix, *ours, *(folder for folder in sys.path if folder and folder not in roots)]


def become_nobody(slot: int) -> bool:
    """As root: become a user that owns nothing and shares its process count with no other child."""
    user = _FIRST_USER_ID + slot
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:
        return False
    return True


def nobody_can_import() -> bool:
    """Whether such a user could still read the installation: libraries import codecs and the like when first used."""
    folders = [folder for folder in sys.path if os.path.exists(folder)]  # noqa: PTH110 - plain strings
    return become_nobody(0) and all(os.access(folder, os.R_OK | os.X_OK) for folder in folders)


def give_folder_to_nobody(folder: str, slot: int) -> None:
    """As root: hand the job's folder and what is in it to the user its child will be."""
    user = _FIRST_USER_ID + slot
    for name in (".", *os.listdir(folder)):  # noqa: PTH208 - a handful of names
        os.chown(os.path.join(folder, name), user, user, follow_symlinks=False)  # noqa: PTH118 - plain strings


def drop_capabilities() -> bool:
    """Give up every capability, those of a user namespace included (capset(2), version 3)."""
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0), 8)
    return bool(_libc.capset(header, ctypes.create_string_buffer(24)) == 0)


def limit_resources(task: Task, *, own_user: bool) -> None:
    """Set the limits of ``setrlimit(2)``; the address space counts on top of what the template already maps.

    The number of processes is counted per user, so it is limited only for a user that nobody else is.
    """
    limits = {
        resource.RLIMIT_AS: task.memory_bytes + _mapped_bytes(),
        resource.RLIMIT_DATA: task.memory_bytes,
        resource.RLIMIT_CPU: task.cpu_seconds,
        resource.RLIMIT_FSIZE: task.file_bytes,
        resource.RLIMIT_NOFILE: task.open_files,
        resource.RLIMIT_CORE: 0,
    }
    if own_user:
        limits[resource.RLIMIT_NPROC] = task.processes
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bounded, bounded))


def _mapped_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - not a file
        return int(file.read().split()[0]) * resource.getpagesize()
