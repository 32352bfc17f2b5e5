"""How long a one-page document takes on an idle stack, beside the sum of its steps: ``python -m tests.bench.latency``.

The steps that nothing can do without are measured one by one against the servers of a stack of its own, by the code
that the service uses for them: a job published until a consumer has it, the file's record read, the run claimed, the
bytes downloaded, a child that reads them, its page stored, the run finished, an event published until it is received.
Then documents are put through the service: from the job's publication, and from the moment an upload over HTTP is
answered, until the event that it is ready arrives. Medians; the target is 1.5 times the sum.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import aio_pika

from libs.amqp.consumer import Consumer
from libs.amqp.delivery import Delivery
from libs.amqp.envelope import Envelope
from libs.amqp.publisher import Publisher
from libs.amqp.sender import Outgoing, Sender
from libs.amqp.subscriber import EventSubscriber
from libs.amqp.topology import JOBS, WorkQueue
from libs.clock import now
from libs.contracts.messages import FileProcessed
from libs.contracts.records import ExtractionFailure, FileRecord, PageKey, PageRecord
from libs.mongo.database import open_database
from libs.objects.store import ObjectStore
from services.extraction.content import Limits
from services.extraction.protocol import SOURCE_NAME
from services.extraction.sandbox import Sandbox
from services.extraction.settings import Settings
from services.extraction.store import Claim, ExtractionStore, failed
from tests.support.amqp import a_job, until
from tests.support.api import Api
from tests.support.extraction import Bench
from tests.support.samples import pdf
from tests.support.stack import Stack, open_stack

ROUNDS = 30
WARM_UP = 5
TARGET_RATIO = 1.5
DOCUMENTS = {".txt": b"The contract number is QX-4471.\n", ".pdf": pdf("The contract number is QX-4471.")}
NO_MODEL = {"MODEL_BASE_URL": "http://127.0.0.1:9/v1"}
BENCH_QUEUE = WorkQueue("bench.v1", JOBS, "bench")
LEASE = timedelta(minutes=1)

Step = Callable[[], Awaitable[float]]


class Arrivals:
    """When the message about a file came."""

    def __init__(self) -> None:
        self._times: dict[UUID, asyncio.Future[float]] = {}

    def of(self, file_id: UUID) -> asyncio.Future[float]:
        """Give the time of its first message, which may have come already."""
        return self._times.setdefault(file_id, asyncio.get_running_loop().create_future())

    async def note(self, delivery: Delivery) -> None:
        """Take a message."""
        arrival = self.of(getattr(delivery.message, "file_id", uuid4()))
        if not arrival.done():
            arrival.set_result(time.perf_counter())


@dataclass(frozen=True)
class Rig:
    """The stack's servers as the service sees them, and who listens."""

    bench: Bench
    sandbox: Sandbox
    sender: Sender
    jobs: Arrivals
    ready: Arrivals
    folder: Path


async def main() -> int:
    """Measure, print, and fail when the target is missed."""
    missed = False
    with tempfile.TemporaryDirectory() as name:
        async with open_stack(Path(name), {}, NO_MODEL) as stack, open_rig(stack, Path(name)) as rig:
            for suffix, content in DOCUMENTS.items():
                async with Api.open(stack.base_url, stack.app_id, stack.agent_id, stack.api_key) as api:
                    steps = await single_steps(rig, suffix, content)
                    whole = whole_ways(rig, api, suffix, content)
                    seen = await medians({**steps, **whole})
                ratios = {name: seen[name] / sum(seen[step] for step in steps) for name in whole}
                report(suffix, seen, ratios)
                missed |= max(ratios.values()) > TARGET_RATIO
    return int(missed)


@asynccontextmanager
async def open_rig(stack: Stack, folder: Path) -> AsyncIterator[Rig]:
    """Connect to the stack's servers, with a queue for jobs that no service reads."""
    os.environ.update(stack.env)
    settings = Settings()
    jobs, ready = Arrivals(), Arrivals()
    async with AsyncExitStack() as opened:
        database = await opened.enter_async_context(open_database(settings.mongo))
        objects = await opened.enter_async_context(ObjectStore.open(settings.s3))
        publisher = await opened.enter_async_context(Publisher.open(settings.amqp))
        connection = await aio_pika.connect(settings.amqp.url.get_secret_value())
        await opened.enter_async_context(connection)
        channel = await connection.channel()
        queue = await channel.declare_queue(BENCH_QUEUE.name, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(JOBS, BENCH_QUEUE.routing_key)
        sandbox, sender = Sandbox(settings.sandbox, slots=1), Sender(settings.amqp, "bench")
        opened.push_async_callback(sandbox.aclose)
        sender.start()
        opened.push_async_callback(sender.stop)
        consumer = Consumer(settings.amqp, [BENCH_QUEUE], jobs.note, slots=4, name="bench")
        subscriber = EventSubscriber(settings.amqp, ready.note, ["file.processed", "file.failed"])
        for part in (consumer, subscriber):
            await part.start()
            opened.push_async_callback(part.stop)
        for link in (sender, publisher, consumer, subscriber):
            await until(link.healthy)
        yield Rig(Bench(database, objects, publisher, settings), sandbox, sender, jobs, ready, folder)


async def single_steps(rig: Rig, suffix: str, content: bytes) -> dict[str, Step]:
    """Give what times every step by itself."""
    file = await rig.bench.upload(content, f"a{suffix}")
    store = ExtractionStore(rig.bench.database, owner="bench")
    source = rig.folder / SOURCE_NAME
    key = PageKey(file_id=file.id, number=1)
    page = PageRecord(id=key, text=content.decode("latin-1"), char_count=len(content))

    async def claim() -> Claim:
        await store.remove(file.id)
        return await _claimed(store, file)

    async def claim_only() -> float:
        await store.remove(file.id)
        return await timed(_claimed(store, file))

    async def save() -> float:
        await store.clear_pages(file.id)
        return await timed(store.save_pages([page]))

    async def finish() -> float:
        record = (await claim()).record
        assert record.lease
        return await timed(
            store.finish(failed(record, ExtractionFailure(code="timeout", message="")), record.lease.token)
        )

    return {
        "job published until consumed": lambda: _job(rig),
        "record of the file read": lambda: timed(store.find_file(file.id)),
        "run claimed": claim_only,
        "bytes downloaded": lambda: timed(rig.bench.objects.download(str(file.id), source)),
        "child started, document read": lambda: _read(rig, suffix),
        "page stored": save,
        "run finished": finish,
        "event published until received": lambda: _event(rig, file),
    }


def whole_ways(rig: Rig, api: Api, suffix: str, content: bytes) -> dict[str, Step]:
    """Give what times the service: all steps, and what lies between."""

    async def published() -> float:
        file = await rig.bench.upload(content, f"a{suffix}")
        begun = time.perf_counter()
        await rig.bench.publish(file)
        return await rig.ready.of(file.id) - begun

    async def uploaded() -> float:
        answer = await api.attach(f"a{suffix}", content, wait=0)
        begun = time.perf_counter()
        return await rig.ready.of(UUID(answer.body["file_id"])) - begun

    return {"job published until ready": published, "upload answered until ready": uploaded}


def report(suffix: str, seen: dict[str, float], ratios: dict[str, float]) -> None:
    """Print a table of milliseconds, and of ratios to the steps' sum."""
    print(f"\n| a {suffix} of one page | ms | to the sum of the steps |\n|---|---|---|")
    for name, seconds in seen.items():
        print(f"| {name} | {seconds * 1000:.1f} | {format(ratios[name], '.2f') if name in ratios else ''} |")


async def medians(measures: dict[str, Step]) -> dict[str, float]:
    """Give seconds for each, measured in turn and many times over, so that a busy machine is busy for all of them."""
    seen: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(WARM_UP + ROUNDS):
        for name, measure in measures.items():
            seen[name].append(await measure())
    return {name: median(values[WARM_UP:]) for name, values in seen.items()}


async def timed(step: Awaitable[object]) -> float:
    """Give the seconds that one step takes."""
    begun = time.perf_counter()
    await step
    return time.perf_counter() - begun


async def _job(rig: Rig) -> float:
    job = a_job()
    body = Envelope.wrap(job, correlation_id="bench").encode()
    begun = time.perf_counter()
    await rig.sender.send(Outgoing(body, "ExtractFile", BENCH_QUEUE.exchange, BENCH_QUEUE.routing_key))
    return await rig.jobs.of(job.file_id) - begun


async def _event(rig: Rig, file: FileRecord) -> float:
    event = FileProcessed(file_id=uuid4(), app_id=file.app_id, owner=file.owner)
    begun = time.perf_counter()
    await rig.bench.publisher.publish(event, correlation_id="bench")
    return await rig.ready.of(event.file_id) - begun


async def _read(rig: Rig, suffix: str) -> float:
    """Leave out what comes after the verdict: nobody needs to wait until the child is cleared away."""
    begun = time.perf_counter()
    async with rig.sandbox.open(rig.folder, suffix=suffix, limits=Limits(), seconds=30) as reading:
        async for _ in reading.reports():
            pass
        await reading.verdict()
        return time.perf_counter() - begun


async def _claimed(store: ExtractionStore, file: FileRecord) -> Claim:
    claim = await store.claim(file, now(), lease=LEASE)
    assert claim
    return claim


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
