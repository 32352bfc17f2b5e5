"""``run``: bring the stack up, say where it is, keep it running until a signal, take it down in order."""

import asyncio
import os
import signal
import sys

from deploy.local.credentials import Credentials
from deploy.local.demo import demo_keys, welcome, write_environment
from deploy.local.folder import RunFolder
from deploy.local.lock import hold
from deploy.local.ports import chosen_ports, require_free
from deploy.local.screen import Screen
from deploy.local.stack import Stack
from deploy.local.supervisor import Supervisor


def run(folder: RunFolder) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP.

    Raises ``AlreadyRunning`` and ``PortProblem`` before anything starts, ``PartFailed`` or ``DemoFailed`` after
    everything that had started is stopped again.
    """
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with hold(folder.lock):
        folder.demo.unlink(missing_ok=True)
        stack = _stack(folder)
        require_free(stack.ports, (part.name for part in stack.parts()))
        asyncio.run(_keep_running(stack, folder))


def _stack(folder: RunFolder) -> Stack:
    """Describe the stack that the environment asks for; a model that runs elsewhere is the only server it may name."""
    given = dict(os.environ)
    outside = {"MODEL_BASE_URL": given["MODEL_BASE_URL"]} if given.get("MODEL_BASE_URL") else {}
    return Stack(folder.path, chosen_ports(given), Credentials.kept_in(folder.secrets), given, outside)


async def _keep_running(stack: Stack, folder: RunFolder) -> None:
    parts = stack.parts()
    screen = Screen(parts, sys.stdout, folder.status)
    supervisor = Supervisor(parts, stack.logs, screen)
    asked = _asked_to_stop(supervisor)
    work = asyncio.create_task(_work(stack, folder, supervisor, screen))
    try:
        await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
    finally:
        folder.demo.unlink(missing_ok=True)
        screen.settle()
        asked.cancel()
        work.cancel()
        ended = (await asyncio.gather(work, return_exceptions=True))[0]
        await supervisor.stop()
        folder.status.unlink(missing_ok=True)
    if isinstance(ended, Exception):
        raise ended


async def _work(stack: Stack, folder: RunFolder, supervisor: Supervisor, screen: Screen) -> None:
    await supervisor.start()
    keys = await demo_keys(stack)
    screen.settle()
    print(welcome(stack, keys, folder.demo), flush=True)
    write_environment(folder.demo, stack, keys)
    await supervisor.run()


def _asked_to_stop(supervisor: Supervisor) -> asyncio.Task[bool]:
    """Give a task that ends with the first signal to stop; from the second on nobody is waited for any more.

    ``nohup`` has SIGHUP ignored, and that is respected; a background job of a script has SIGINT ignored by the shell,
    which says nothing about what its user wants.
    """
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            supervisor.kill()
        else:
            print("\nStopping; once more ends everything at once.", flush=True)
            stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, asked)
    return asyncio.create_task(stop.wait())
