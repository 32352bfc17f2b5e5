"""What a crowd of scans costs others: ``python -m tests.bench.fairness``.

On a stack of its own, one tenant uploads 300 pictures of a page of text. While they are read, another tenant uploads
text files and a scan of its own, one after the other. Their times until ready are compared with those on the idle
stack: text should take at most twice as long at its 95th percentile, a scan seconds more and not minutes.
"""

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles

from PIL import Image, ImageDraw, ImageFont

from tests.bench.latency import NO_MODEL
from tests.support.api import Api
from tests.support.stack import open_stack

CROWD = 300
TEXTS = 40
SCANS = 5
PATIENCE_SECONDS = 900.0
UPLOADS_AT_ONCE = 8
TEXT = b"The contract number is QX-4471.\n"
LONGEST_SCAN_SECONDS = 60.0
"""Far less than the minutes that the crowd takes."""


async def main() -> int:
    """Measure, print, and fail when the crowd is felt too much."""
    with tempfile.TemporaryDirectory() as name:
        async with open_stack(Path(name), {"REQUESTS_PER_MINUTE": "0"}, NO_MODEL) as stack:
            place = (stack.base_url, stack.app_id, stack.agent_id)
            async with Api.open(*place, stack.api_key) as crowd, Api.open(*place, stack.other_api_key) as few:
                await ready_after(few, "warm.png", scan(0))
                alone = await measure(few)
                begun = time.monotonic()
                files = await upload_crowd(crowd)
                print(f"{CROWD} scans of one tenant uploaded in {time.monotonic() - begun:.0f} s")
                behind = await measure(few)
                unread = await count_unread(crowd)
                print(f"{unread} of them were still to be read when the other tenant was done")
                print(
                    f"what was read of them took {(time.monotonic() - begun) / max(1, len(files) - unread):.2f} s each"
                )
    return report(alone, behind)


def report(alone: dict[str, list[float]], behind: dict[str, list[float]]) -> int:
    """Print a table and say whether a target was missed."""
    print("\n| seconds until ready | alone | behind the crowd |\n|---|---|---|")
    rows: dict[str, tuple[str, Callable[[list[float]], float]]] = {
        "text, median": ("text", median),
        "text, 95th percentile": ("text", lambda values: quantiles(values, n=20)[-1]),
        "scan, median": ("scan", median),
        "scan, longest": ("scan", max),
    }
    for name, (kind, figure) in rows.items():
        print(f"| {name} | {figure(alone[kind]):.2f} | {figure(behind[kind]):.2f} |")
    return int(max(behind["scan"]) > LONGEST_SCAN_SECONDS)


async def measure(api: Api) -> dict[str, list[float]]:
    """Give the seconds until ready of text files and scans, one after the other."""
    texts = [await ready_after(api, f"{number}.txt", TEXT) for number in range(TEXTS)]
    return {"text": texts, "scan": [await ready_after(api, f"{number}.png", scan(number)) for number in range(SCANS)]}


async def ready_after(api: Api, name: str, content: bytes) -> float:
    """Upload and wait for the end; give the seconds from the beginning."""
    begun = time.monotonic()
    answer = await api.attach(name, content, wait=60)
    body = answer.body
    if body["processing_status"] == "processing":
        body = await api.ended(body["file_id"], seconds=PATIENCE_SECONDS)
    if body["processing_status"] != "ready":
        sys.exit(f"{name} is {body['processing_status']}: {body['error']}")
    return time.monotonic() - begun


async def upload_crowd(api: Api) -> list[str]:
    """Upload the crowd without waiting for it; give the files' ids."""
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)
    content = scan(0)

    async def one(number: int) -> str:
        async with slots:
            answer = await api.attach(f"crowd {number}.png", content, wait=0)
            return str(answer.body["file_id"])

    uploads: list[Awaitable[str]] = [one(number) for number in range(CROWD)]
    return list(await asyncio.gather(*uploads))


async def count_unread(api: Api) -> int:
    """Count the files that are still being processed."""
    return sum(file["processing_status"] == "processing" for file in await api.listed())


def scan(number: int) -> bytes:
    """Draw half a page of text as a scanner at 150 dpi sees it."""
    page = Image.new("L", (1240, 700), 255)
    font = ImageFont.load_default(26)
    for line in range(16):
        text = f"Line {line} of page {number} says that nothing of this document is to be lost."
        ImageDraw.Draw(page).text((80, 40 + 40 * line), text, fill=0, font=font)
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
