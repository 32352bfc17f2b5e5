"""How fast uploads are through us, compared with the object store alone: ``python -m tests.bench.upload_throughput``.

First one file of 1 GiB shows what the server keeps in memory. Then eight ``curl`` processes send 100 MB each, straight
to the object store (one signed PUT per file) and through a server that reads forms and stores objects as the gateway
does; the rounds alternate, the best of each counts. With ``BASE_URL APP_ID AGENT_ID API_KEY S3_ENDPOINT S3_ACCESS_KEY
S3_SECRET_KEY`` set, as ``.run/demo.env`` has them, the running gateway takes the small server's place (``make run
MAX_UPLOAD_SIZE=2000000000``); its memory and time are measured when ``GATEWAY_PID`` names its process.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp

from libs.objects.settings import MIB
from libs.objects.signing import UNSIGNED_PAYLOAD, Signer
from libs.objects.store import ObjectStore, S3Settings
from tests.support.servers import ServerRoom

FILES = 8
FILE_BYTES = 100_000_000
ROUNDS = 3
LARGE_BYTES = 1024 * MIB
CONTENT_TYPE = "application/pdf"
TARGET_RATIO = 0.6
TARGET_GROWTH_BYTES = 64 * MIB


@dataclass(frozen=True)
class Target:
    """Where forms go: ``curl``'s arguments after the file, the process that receives them, where it tells its lag."""

    arguments: list[str]
    pid: int | None
    lag_url: str | None


async def main() -> int:
    """Measure, print, and fail when a target is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "servers").mkdir()
        async with object_store(folder / "servers") as settings, receiver(settings) as target:
            async with ObjectStore.open(settings) as store:
                await store.ensure_bucket()
            growth = await grow(target, write_file(folder / "large.pdf", LARGE_BYTES))
            ratio = await compare(settings, target, write_file(folder / "file.pdf", FILE_BYTES))
            await report_lag(target)
        return int(ratio < TARGET_RATIO or growth >= TARGET_GROWTH_BYTES)


async def compare(settings: S3Settings, target: Target, file: Path) -> float:
    """Alternate both ways; give the ratio of the best rounds."""
    signer = Signer(settings)
    direct_best = through_best = 0.0
    time_before = cpu_seconds(target.pid)
    for number in range(1, ROUNDS + 1):
        direct = await rate([["-T", str(file), *signed_put(signer)] for _ in range(FILES)])
        through = await rate([form(file, target) for _ in range(FILES)])
        print(f"round {number}: object store alone {direct:4.0f} MB/s, through us {through:4.0f} MB/s")
        direct_best, through_best = max(direct, direct_best), max(through, through_best)
    ratio = through_best / direct_best
    spent = (cpu_seconds(target.pid) - time_before) / (ROUNDS * FILES)
    print(f"the receiving process spends {spent:.2f} s of processor time on each file")
    print(f"best rounds: {direct_best:.0f} and {through_best:.0f} MB/s, ratio {ratio:.2f} (target {TARGET_RATIO})")
    return ratio


async def grow(target: Target, file: Path) -> float:
    """Send one large file; give how far the receiving process grew at its peak."""
    if target.pid is None:
        return 0
    before = memory(target.pid, "VmRSS")
    forget_peak(target.pid)
    speed = await rate([form(file, target)])
    growth = memory(target.pid, "VmHWM") - before
    print(f"one file of 1 GiB: {speed:.0f} MB/s, process grew {growth / MIB:.0f} MiB from {before / MIB:.0f} MiB")
    return growth


async def report_lag(target: Target) -> None:
    """Say how long the event loop was kept from its work at worst, by us or by a busy machine."""
    if target.lag_url:
        async with aiohttp.ClientSession() as session, session.get(target.lag_url) as answer:
            print(f"event loop late by {await answer.text()} ms at worst")


async def rate(calls: list[list[str]]) -> float:
    """Run one ``curl`` per call at the same time; give megabytes per second of what they sent in all."""
    begun = time.monotonic()
    sizes = await asyncio.gather(*(curl(arguments) for arguments in calls))
    return sum(sizes) / (time.monotonic() - begun) / 1e6


async def curl(arguments: list[str]) -> int:
    """Send one file; give the bytes sent, or end the run when the answer is not 2xx."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--fail-with-body", "-H", "Expect:", "-w", "\n%{size_upload}", *arguments,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode:
        sys.exit(f"curl failed: {output.decode()}")
    return int(output.decode().rpartition("\n")[2])


def signed_put(signer: Signer) -> Iterator[str]:
    """Give ``curl``'s arguments for a PUT of a fresh object."""
    url, headers = signer.sign(
        "PUT", str(uuid4()), query={}, headers={"content-type": CONTENT_TYPE}, content_sha256=UNSIGNED_PAYLOAD
    )
    for name, value in headers.items():
        if name != "host":
            yield from ("-H", f"{name}: {value}")
    yield url


def form(file: Path, target: Target) -> list[str]:
    """Give ``curl``'s arguments for a form with one file."""
    return ["-F", f"file=@{file};type={CONTENT_TYPE}", *target.arguments]


def write_file(path: Path, size: int) -> Path:
    """Write something that passes for a PDF and does not compress."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        while (left := size - file.tell()) > 0:
            file.write(block[:left])
    return path


def cpu_seconds(pid: int | None) -> float:
    """Give the processor time a process has used, all its threads together; 0 when it is not known."""
    if pid is None:
        return 0
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Let ``VmHWM`` begin anew, proc(5)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory(pid: int, field: str) -> int:
    """Read a size from ``/proc/PID/status``, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024


@asynccontextmanager
async def object_store(folder: Path) -> AsyncIterator[S3Settings]:
    """Give the demo stack's object store where its address is set, else one of our own."""
    if os.environ.get("BASE_URL"):
        yield S3Settings()
        return
    async with ServerRoom.open(folder) as room:
        yield await room.s3()


@asynccontextmanager
async def receiver(settings: S3Settings) -> AsyncIterator[Target]:
    """Give the running gateway where its address is set, else a small server of our own."""
    env = os.environ
    if base := env.get("BASE_URL"):
        url = f"{base}/public/v1/app/{env['APP_ID']}/files/{env['AGENT_ID']}/attach-file?wait=0"
        pid = env.get("GATEWAY_PID")
        key = f"X-API-KEY: {env['API_KEY']}"
        yield Target(["-F", "skip_extraction=true", "-H", key, url], int(pid) if pid else None, None)
        return
    s3 = {"S3_ENDPOINT": settings.endpoint, "S3_ACCESS_KEY": settings.access_key, "S3_BUCKET": settings.bucket}
    s3["S3_SECRET_KEY"] = settings.secret_key.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.upload_server", env={**env, **s3}, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        url = f"http://127.0.0.1:{int(await process.stdout.readline())}/"
        yield Target([url], process.pid, f"{url}lag")
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
