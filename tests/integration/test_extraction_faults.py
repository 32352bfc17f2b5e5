"""The extraction service as a process that is stopped and killed, and with dependencies that go away."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from deploy.local.ports import free_ports
from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.contracts.messages import FileProcessed, FileProgress, Message
from libs.contracts.records import PageKey, PageRecord
from libs.errors import DependencyUnavailable
from libs.mongo.database import MongoSettings, open_database
from libs.objects.store import ObjectStore, S3Settings
from services.extraction.settings import RunSettings, Settings
from services.extraction.store import ExtractionStore
from tests.support.amqp import until
from tests.support.documents import slow_pdf
from tests.support.extraction import Bench, service_with
from tests.support.samples import pdf
from tests.support.sandboxed import alive_in


@pytest.fixture(scope="module")
async def bench(
    mongo: MongoSettings, amqp: AmqpSettings, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    run = RunSettings(tmp_base_folder=tmp_path_factory.mktemp("documents"))
    settings = Settings(mongo=mongo, amqp=amqp, s3=s3, run=run)
    async with open_database(mongo) as database, ObjectStore.open(s3) as objects, Publisher.open(amqp) as publisher:
        await objects.ensure_bucket()
        await until(publisher.healthy)
        yield Bench(database, objects, publisher, settings)


@asynccontextmanager
async def process(bench: Bench) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the service as it is run in production; it has ended on leaving."""
    settings = bench.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "MONGO_URL": settings.mongo.url.get_secret_value(),
        "MONGO_DATABASE": settings.mongo.database,
        "AMQP_URL": settings.amqp.url.get_secret_value(),
        "AMQP_STOP_GRACE": "0.5",
        "S3_ENDPOINT": settings.s3.endpoint,
        "S3_ACCESS_KEY": settings.s3.access_key,
        "S3_SECRET_KEY": settings.s3.secret_key.get_secret_value(),
        "S3_BUCKET": settings.s3.bucket,
        "TMP_BASE_FOLDER": str(settings.run.tmp_base_folder),
        "EXTRACTION_INTERNAL_PORT": str(free_ports()["EXTRACTION_INTERNAL_PORT"]),
        "EXTRACTION_LEASE": "2",
        "EXTRACTION_HEARTBEAT": "0.5",
    }
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.extraction"), env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield service
    finally:
        if service.returncode is None:
            service.kill()
        await service.wait()


async def until_reading(bench: Bench) -> None:
    """Wait until a child works in a folder of the service's."""

    async def reading() -> bool:
        return bool(await asyncio.to_thread(children, bench.settings.run.tmp_base_folder))

    await until(reading)


async def until_nobody_reads(bench: Bench) -> None:
    """Wait until no child does."""

    async def done() -> bool:
        return not await asyncio.to_thread(children, bench.settings.run.tmp_base_folder)

    await until(done)


def children(base: Path) -> list[int]:
    """Find the processes that work in a folder below this one."""
    return [process for folder in base.iterdir() for process in alive_in(folder)]


async def test_a_process_told_to_stop_hands_its_document_back_and_leaves_nothing(bench: Bench) -> None:
    file = await bench.upload(slow_pdf(400), "slow.pdf")
    async with process(bench) as service:
        await bench.publish(file)
        await until_reading(bench)
        service.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await service.wait() == 0
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["lease"], record["attempt"]) == ("queued", None, 0)
    assert not await asyncio.to_thread(lambda: list(bench.settings.run.tmp_base_folder.iterdir()))
    await bench.database["files"].delete_one({"_id": file.id})


async def test_a_killed_process_takes_its_children_along_and_another_takes_over(bench: Bench) -> None:
    file = await bench.upload(slow_pdf(400), "slow.pdf")
    async with process(bench) as service:
        await bench.publish(file)
        await until_reading(bench)
        service.kill()
        await service.wait()
        await until_nobody_reads(bench)
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["attempt"]) == ("running", 1)

    await bench.objects.delete(str(file.id))

    async def failed() -> bool:
        await bench.publish(file)  # as the reconciler does
        await asyncio.sleep(0.5)
        now_stored = await bench.record(file.id)
        return bool(now_stored and now_stored["status"] == "failed")

    async with process(bench):
        await until(failed)
    record = await bench.record(file.id)
    assert record
    assert record["attempt"] == 2


class FailingStore(ExtractionStore):
    """A store whose database goes away when pages are written."""

    async def save_pages(self, pages: Any) -> None:
        """Fail as the driver does."""
        assert all(isinstance(page, PageRecord) for page in pages)
        raise AutoReconnect("gone")


async def test_an_absent_object_store_hands_the_job_back_without_counting(bench: Bench) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    nowhere = bench.settings.s3.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    async with ObjectStore.open(nowhere) as absent, service_with(bench, objects=absent) as service:
        with pytest.raises(DependencyUnavailable):
            await service.extract(bench.job(file), correlation_id="test")
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["lease"], record["attempt"]) == ("queued", None, 0)
    async with service_with(bench) as service:
        await service.extract(bench.job(file), correlation_id="test")
    assert (await bench.ended(file.id))["status"] == "succeeded"


async def test_a_database_that_goes_away_while_pages_are_written_is_an_outage(bench: Bench) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    async with service_with(bench, store=FailingStore) as service:
        with pytest.raises(AutoReconnect):
            await service.extract(bench.job(file), correlation_id="test")
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["attempt"]) == ("queued", 0)


class SlowPublisher(Publisher):
    """A broker that takes its time, and what it was told."""

    def __init__(self) -> None:
        """Connect to nothing."""
        self.told: list[Message] = []

    async def publish(self, message: Message, *, correlation_id: str, retry_after: timedelta | None = None) -> None:
        """Confirm after a while."""
        assert (correlation_id, retry_after) == ("test", None)
        await asyncio.sleep(0.2)
        self.told.append(message)


async def test_a_run_that_ended_is_told_however_often_signs_of_life_are_due(bench: Bench) -> None:
    file, slow = await bench.upload(pdf("some words"), "a.pdf"), SlowPublisher()
    async with service_with(bench, publisher=slow, heartbeat=timedelta(milliseconds=10)) as service:
        await service.extract(bench.job(file), correlation_id="test")
    assert [type(message) for message in slow.told] == [FileProgress, FileProcessed]


async def test_pages_left_by_an_overtaken_run_are_replaced(bench: Bench) -> None:
    file = await bench.upload(pdf("new words", "more new words"), "a.pdf")
    store = ExtractionStore(bench.database, owner="test")
    for text in ("old", "new"):
        key = PageKey(file_id=file.id, number=2)
        first = PageKey(file_id=file.id, number=1 if text == "new" else 3)
        await store.save_pages([PageRecord(id=k, text=text, char_count=3) for k in (first, key)])
    assert [(page["_id"]["number"], page["text"]) for page in await bench.pages(file.id)] == [
        (1, "new"),
        (2, "new"),
        (3, "old"),
    ]


async def test_the_event_loop_never_stalls_while_a_large_text_is_read(bench: Bench) -> None:
    text = "".join(f"Line {number} says that {number * 7} is seven times {number}.\n" for number in range(200_000))
    file = await bench.upload(text.encode(), "large.txt")
    busy: list[float] = []

    async def watch() -> None:
        """Note the processor time that the loop's thread spends in one go, which a busy machine does not change."""
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            busy.append(time.thread_time() - before)
            before = time.thread_time()

    async with service_with(bench) as service:
        watcher = asyncio.create_task(watch())
        await service.extract(bench.job(file).model_copy(update={"heavy": True}), correlation_id="test")
        watcher.cancel()
    assert (await bench.ended(file.id))["char_count"] > 9_000_000
    assert max(busy) < 0.25
    await bench.database["pages"].delete_many({"_id.file_id": file.id})
