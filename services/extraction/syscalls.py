"""Numbers of the system calls that children are refused, on the architectures we run on (Linux's ``unistd.h``).

Named in groups; the first number is x86_64's, the second aarch64's, None where an architecture has no such call.
"""

from collections.abc import Mapping

_Numbers = Mapping[str, tuple[int, int | None]]

PROGRAMS: _Numbers = {"execve": (59, 221), "execveat": (322, 281)}
FORKS: _Numbers = {"fork": (57, None), "vfork": (58, None)}
CLONE: _Numbers = {"clone": (56, 220), "clone3": (435, 435)}
SOCKETS: _Numbers = {"socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203)}
SIGNALS: _Numbers = {
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}  # fmt: skip
"""Signals, to others and to itself."""

BY_ARGUMENT: _Numbers = {"tgkill": (234, 131), "fcntl": (72, 25), "prlimit64": (302, 261)}
"""Calls that libraries need, abort(3) the first of them, but not with every argument."""

OTHER_PROCESSES: _Numbers = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438), "userfaultfd": (323, 282),
}  # fmt: skip
"""Memory and descriptors of other processes."""

NAMESPACES: _Numbers = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "move_mount": (429, 429), "open_tree": (428, 428), "mount_setattr": (442, 442),
}  # fmt: skip
"""Namespaces and mounts."""

RISKY: _Numbers = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "perf_event_open": (298, 241), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "fanotify_init": (300, 262), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "lookup_dcookie": (212, 18), "personality": (135, 92), "modify_ldt": (154, None), "ioperm": (173, None),
    "iopl": (172, None), "move_pages": (279, 239), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238),
}  # fmt: skip
"""Parts of the kernel with a history of holes."""

MACHINE: _Numbers = {
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
}  # fmt: skip
"""What changes the whole machine."""

_COLUMNS = {"x86_64": 0, "aarch64": 1}


def numbers(machine: str, *groups: _Numbers) -> dict[str, int]:
    """Give the numbers that calls of these groups have on a machine."""
    column = _COLUMNS[machine]
    return {name: number for group in groups for name, row in group.items() if (number := row[column]) is not None}
