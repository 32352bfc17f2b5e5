"""What the machine or container has to give."""

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
"""The container's control group (version 2), as it is mounted in containers."""


def machine_memory_bytes() -> int:
    """Give the memory of the container, or the machine's where that is not limited."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(physical, int((_CGROUP / "memory.max").read_text()))
    except (OSError, ValueError):  # no control group, or "max"
        return physical


def machine_cores() -> int:
    """Give how many processors this process may keep busy, a begun one counted as one."""
    usable = len(os.sched_getaffinity(0))
    try:
        quota, period = map(int, (_CGROUP / "cpu.max").read_text().split())  # time in each period, both in µs
    except (OSError, ValueError):  # no control group, or "max"
        return usable
    return min(usable, math.ceil(quota / period))
