"""``make run`` as its user meets it: it comes up, mends itself, stops at Ctrl-C, and keeps what it was given."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.ports import free_ports
from tests.support.api import Api
from tests.support.stack import fresh_stack

pytestmark = pytest.mark.timeout(300)  # up to three starts of a whole stack on a busy machine
PATIENCE_SECONDS = 90.0
Values = dict[str, str]


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened():  # noqa: ASYNC110 - another process's files and children set no event here
            await asyncio.sleep(0.05)


def children(pid: int) -> dict[int, str]:
    """Give the direct children of a process with their command lines."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in pids}


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def child(pid: int, command: str) -> int:
    """Find the one child that runs this command, 0 while there is none."""
    return next((number for number, line in children(pid).items() if command in line), 0)


@asynccontextmanager
async def running(folder: Path, ports: dict[str, int]) -> AsyncIterator[tuple[asyncio.subprocess.Process, Values]]:
    """Run ``python -m deploy.local run`` until it has written its addresses; show its output if it does not."""
    given = {**os.environ, **{name: str(port) for name, port in ports.items()}, "RUN_FOLDER": str(folder)}
    output = folder.with_suffix(".output")
    with output.open("wb") as out:
        command = (sys.executable, "-m", "deploy.local", "run")
        process = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out, env=given)
    ended = asyncio.create_task(process.wait())
    addresses = folder / "demo.env"
    try:
        await until(lambda: addresses.exists() or ended.done())
        assert addresses.exists(), output.read_text()
        yield process, dict(line.split("=", 1) for line in addresses.read_text().splitlines())
    finally:
        if process.returncode is None:
            process.kill()  # its parts end with it
        await ended


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return free_ports()


def caller(values: Values) -> AbstractAsyncContextManager[Api]:
    return Api.open(values["BASE_URL"], values["APP_ID"], values["AGENT_ID"], values["API_KEY"])


async def test_a_stack_mends_itself_stops_at_ctrl_c_and_starts_again_with_its_data(
    tmp_path: Path, ports: dict[str, int]
) -> None:
    folder = tmp_path / "run"
    async with running(folder, ports) as (process, values), caller(values) as api:
        assert values["RUN_PID"] == str(process.pid)
        attached = (await api.attach("notes.txt", b"the launch code is 7741")).body
        killed = child(process.pid, "services.storage")
        os.kill(killed, signal.SIGKILL)
        await until(lambda: child(process.pid, "services.storage") not in {0, killed})
        parts = children(process.pid)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        assert not any(map(exists, parts))
        assert not (folder / "demo.env").exists()
    async with running(folder, ports) as (process, again), caller(again) as api:
        assert again["API_KEY"] == values["API_KEY"]
        assert [file["file_id"] for file in await api.listed()] == [attached["file_id"]]
        assert (await api.download(attached["download_url"])).body == b"the launch code is 7741"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_broker_that_crashed_comes_back_with_the_services_still_there(tmp_path: Path) -> None:
    async with fresh_stack(tmp_path) as stack:
        services = [stack.pid(name) for name in ("gateway", "storage", "extraction")]
        await stack.kill("rabbitmq")
        async with Api.open(stack.base_url, stack.app_id, stack.agent_id, stack.api_key) as api:
            attached = (await api.attach("notes.txt", b"the launch code is 7741", wait=0)).body
            assert attached["processing_status"] == "processing"
            await stack.start("rabbitmq")
            assert (await api.ended(attached["file_id"]))["processing_status"] == "ready"
        assert [stack.pid(name) for name in ("gateway", "storage", "extraction")] == services
