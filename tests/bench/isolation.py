"""What isolation costs: an empty document through the sandbox, against a fresh interpreter, and each layer's share."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from services.extraction import confinement, syscall_filter
from services.extraction.content import Limits
from services.extraction.protocol import Task
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings
from tests.support.sandboxed import read_in_sandbox

READINGS = 200
FRESH_STARTS = 10
SETTINGS = SandboxSettings()
_FRESH = "from services.extraction.extractors import registry; registry.load_all()"


async def main() -> int:
    """Print medians in milliseconds."""
    through = await through_sandbox()
    fresh = fresh_interpreter()
    print("| what | median ms |\n|---|---|")
    print(f"| an empty document through the sandbox | {through:.2f} |")
    print(f"| a fresh interpreter with the extractors imported | {fresh:.0f} |")
    print(f"| ratio | {fresh / through:.0f} |")
    for name, layer in layers().items():
        print(f"| of that: {name} | {forked(layer):.3f} |")
    return 0


async def through_sandbox() -> float:
    """Read an empty text again and again."""
    sandbox = Sandbox(SETTINGS, slots=1)
    await sandbox.start()
    times = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(READINGS):
                began = time.perf_counter()
                outcome = await read_in_sandbox(sandbox, Path(folder), b"", ".txt")
                times.append(time.perf_counter() - began)
                assert outcome.code is None, outcome
    finally:
        await sandbox.aclose()
    return statistics.median(times) * 1000


def fresh_interpreter() -> float:
    """Start Python and import what a reader needs, as a process per document without a template would."""
    times = []
    for _ in range(FRESH_STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _FRESH], check=True, cwd=Path(__file__).parents[2])
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def layers() -> Mapping[str, Callable[[], object]]:
    """Name the layers in the order in which a child takes them."""
    return {
        "PID namespace": confinement.enter_pid_namespace,
        "mount namespace": confinement.can_hide_shared_folders,
        "no capabilities": confinement.drop_capabilities,
        "resource limits": partial(confinement.limit_resources, _task(), own_user=False),
        "Landlock": confinement.restrict_files,
        "filter of kernel interfaces": syscall_filter.refuse_kernel_interfaces,
        "filter of processes": syscall_filter.refuse_new_processes,
    }


def _task() -> Task:
    folder = Path(tempfile.gettempdir())
    return SETTINGS.task(folder, suffix="", declared_type="", limits=Limits(), slot=0, seconds=30, niceness=0)


def forked(layer: Callable[[], object]) -> float:
    """Give the median milliseconds a layer takes, each time in a process of its own: none can be undone."""
    confinement.forbid_new_privileges()
    times = []
    for _ in range(READINGS):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            began = time.perf_counter()
            layer()
            os.write(writer, str(time.perf_counter() - began).encode())
            os._exit(0)
        os.close(writer)
        times.append(float(os.read(reader, 100)))
        os.close(reader)
        os.waitpid(pid, 0)
    return statistics.median(times) * 1000
