"""``python -m deploy.local run|stop|status|logs|ports``: the stack on this machine; ``make`` calls it."""

import argparse
import os
import sys
from pathlib import Path

from deploy.local import lock
from deploy.local.demo import DemoFailed
from deploy.local.folder import RunFolder
from deploy.local.ports import PortProblem, free_ports
from deploy.local.process import ROOT
from deploy.local.run import run
from deploy.local.screen import read_status
from deploy.local.supervisor import PartFailed

PROBLEMS = (lock.AlreadyRunning, PortProblem, PartFailed, DemoFailed, TimeoutError)


def main() -> int:
    """Run one command; returns the exit status."""
    args = _parser().parse_args()
    folder = RunFolder(Path(os.environ.get("RUN_FOLDER") or ROOT / ".run").absolute())
    try:
        match args.command:
            case "run":
                run(folder)
            case "stop":
                print("Stopped." if lock.end(folder.lock) else "Satchel is not running here.")
            case "status":
                return _status(folder)
            case "logs":
                _follow(folder, args.part)
            case "ports":
                print(" ".join(f"{name}={number}" for name, number in free_ports().items()))
    except PROBLEMS as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _status(folder: RunFolder) -> int:
    process = lock.holder(folder.lock)
    if process is None or not folder.status.exists():
        print("Satchel is not running here.")
        return 1
    print(f"Process {process}\n{read_status(folder.status)}")
    return 0


def _follow(folder: RunFolder, parts: list[str]) -> None:
    """Become ``tail``, which follows files through their replacement."""
    logs = [folder.logs / f"{part}.log" for part in parts] or sorted(folder.logs.glob("*.log"))
    if not logs:
        print("There are no logs yet.")
        return
    os.execvp("tail", ["tail", "--lines=50", "--follow=name", "--retry", *map(str, logs)])  # noqa: S606 - no shell is wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything and keep it running; Ctrl-C stops it")
    commands.add_parser("stop", help="stop the stack that runs here")
    commands.add_parser("status", help="show what each part is doing")
    commands.add_parser("logs", help="follow the logs").add_argument("part", nargs="*", help="only these parts'")
    commands.add_parser("ports", help="print VARIABLE=number for every port, all free: for a stack beside another")
    return parser


if __name__ == "__main__":
    sys.exit(main())
