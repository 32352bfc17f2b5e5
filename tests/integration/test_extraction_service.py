"""Jobs over real servers: what is stored and told for documents good and bad, duplicates, leases and deletions."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.amqp.subscriber import EventSubscriber
from libs.clock import now
from libs.contracts.messages import ExtractFile, FileFailed, FileProcessed, FileProgress
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings, open_database
from libs.objects.store import ObjectStore, S3Settings
from services.extraction.context import Context
from services.extraction.settings import LimitSettings, RunSettings, SandboxSettings, Settings
from tests.support.amqp import until
from tests.support.documents import PNG, encrypted_pdf, many_pages_pdf, report_docx
from tests.support.extraction import Bench, service_with
from tests.support.samples import pdf

RUN = RunSettings(
    timeout=timedelta(seconds=5),
    heavy_timeout=timedelta(seconds=20),
    heavy_size_bytes=1_000_000,
    heavy_pages=20,
    lease=timedelta(seconds=2),
    heartbeat=timedelta(milliseconds=500),
    progress_period=timedelta(milliseconds=200),
)

WAVE = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\0\0\0"

pytestmark = pytest.mark.usefixtures("running")


@pytest.fixture(scope="module")
async def bench(
    mongo: MongoSettings, amqp: AmqpSettings, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    settings = Settings(
        mongo=mongo,
        amqp=amqp.model_copy(update={"stop_grace": timedelta(milliseconds=200)}),
        s3=s3,
        concurrency=3,
        run=RUN.model_copy(update={"tmp_base_folder": tmp_path_factory.mktemp("documents")}),
        limits=LimitSettings(max_pages=30, hard_max_pages=40),
        sandbox=SandboxSettings(memory_bytes=256 << 20),
    )
    async with (
        open_database(mongo) as database,
        ObjectStore.open(s3) as objects,
        Publisher.open(amqp) as publisher,
    ):
        await objects.ensure_bucket()
        bench = Bench(database, objects, publisher, settings)

        async def hear(delivery: Any) -> None:
            bench.told.append(delivery.message)

        subscriber = EventSubscriber(amqp, hear, ["file.*"])
        await subscriber.start()
        yield bench
        await subscriber.stop()


@pytest.fixture(scope="module")
async def running(bench: Bench) -> AsyncIterator[Context]:
    async with bench.service() as context:
        await until(lambda: healthy(context))
        yield context


async def healthy(context: Context) -> bool:
    try:
        await context.consumer.ping()
        await context.startup.check()
    except Exception:  # noqa: BLE001 - whatever it is, it is not healthy yet
        return False
    return True


async def test_a_document_is_stored_page_by_page_with_its_result(bench: Bench) -> None:
    file = await bench.upload(pdf("first words here", "second words"), "report.pdf")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert record["status"] == "succeeded"
    assert (record["media_type"], record["engine"]) == ("application/pdf", "pypdfium2")
    assert (record["page_count"], record["char_count"]) == (2, 28)
    assert record["preview"] == "first words here second words"
    assert record["token_count"] >= 7
    assert record["document"]["word_count"] == 5
    assert (record["lease"], record["error"], record["attempt"]) == (None, None, 1)
    assert [(page["_id"]["number"], page["text"]) for page in await bench.pages(file.id)] == [
        (1, "first words here"),
        (2, "second words"),
    ]
    await bench.until_told(FileProcessed, file.id)


async def test_a_word_document_has_labelled_sections_and_a_title(bench: Bench) -> None:
    file = await bench.upload(report_docx(), "report.docx")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert record["document"]["title"] == "Annual report"
    assert [page["label"] for page in await bench.pages(file.id)] == ["Results", "Outlook"]


async def test_a_type_that_nobody_reads_is_skipped(bench: Bench) -> None:
    file = await bench.upload(WAVE, "sound.wav")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["media_type"], record["page_count"]) == ("skipped", "audio/x-wav", None)
    await bench.until_told(FileProcessed, file.id)


async def test_a_picture_without_words_succeeds_with_a_warning(bench: Bench) -> None:
    file = await bench.upload(PNG, "photo.png", media_type="image/png")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["char_count"]) == ("succeeded", 0)
    assert "no_text" in record["warnings"]


async def test_a_document_without_words_succeeds_with_a_warning(bench: Bench) -> None:
    file = await bench.upload(many_pages_pdf(2), "empty.pdf")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["char_count"], record["page_count"]) == ("succeeded", 0, 2)
    assert record["warnings"] == ["no_text"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (encrypted_pdf("x", user_password="x"), "a.pdf", "encrypted"),
        (b"%PDF-1.7 nothing", "a.pdf", "corrupt"),
        (many_pages_pdf(41), "a.pdf", "too_many_pages"),
        (WAVE, "a.pdf", "unsupported_type"),
        (b"text", "a.hang", "timeout"),
        (b"text", "a.eat", "out_of_memory"),
        (b"text", "a.abort", "crashed"),
    ],
)
async def test_a_bad_document_is_a_stored_result_with_a_reason(
    bench: Bench, content: bytes, name: str, code: str
) -> None:
    file = await bench.upload(content, name)
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["error"]["code"]) == ("failed", code)
    assert record["error"]["message"].endswith(".")
    assert "{" not in record["error"]["message"]
    assert [event.code for event in await bench.until_told(FileFailed, file.id)] == [code]


async def test_a_long_document_moves_to_the_heavy_queue_and_is_cut_with_a_warning(bench: Bench) -> None:
    file = await bench.upload(pdf(*(f"page {number}" for number in range(1, 36))), "long.pdf")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["page_count"]) == ("succeeded", 35)
    assert record["warnings"] == ["truncated_pages"]
    assert record["attempt"] == 1
    assert len(await bench.pages(file.id)) == 30


async def test_a_large_file_goes_through_the_heavy_queue(bench: Bench) -> None:
    file = await bench.upload(b"line of words\n" * 100_000, "large.txt")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert record["status"] == "succeeded"
    assert record["char_count"] > 100_000


async def test_progress_is_told_while_a_document_is_read(bench: Bench) -> None:
    file = await bench.upload(b"10", "a.slow")
    await bench.publish(file)
    await bench.ended(file.id)
    await bench.until_told(FileProcessed, file.id)
    done = [event.pages_done for event in bench.events(FileProgress, file.id)]
    assert (done[0], done[-1]) == (1, 10)
    assert done == sorted(set(done))
    assert 3 <= len(done) <= 8


async def test_pages_can_be_read_while_the_document_is_not_finished(bench: Bench) -> None:
    file = await bench.upload(b"20", "a.slow")
    await bench.publish(file)

    async def some_pages() -> bool:
        return bool(await bench.pages(file.id))

    await until(some_pages)
    record = await bench.record(file.id)
    assert record
    assert record["status"] == "running"
    await bench.ended(file.id)
    assert len(await bench.pages(file.id)) == 20


async def test_how_many_pages_there_are_is_told_with_the_first(bench: Bench) -> None:
    file = await bench.upload(b"4", "a.scan")
    await bench.publish(file)
    first = (await bench.until_told(FileProgress, file.id))[0]
    assert (first.pages_done, first.page_count) == (1, 4)
    record = await bench.ended(file.id)
    assert (record["status"], record["document"]["ocr_pages"], record["attempt"]) == ("succeeded", [1, 2, 3, 4], 1)


async def test_a_document_that_hangs_keeps_the_pages_read_until_then(bench: Bench) -> None:
    file = await bench.upload(b"text", "a.hang3")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["error"]["code"]) == ("failed", "timeout")
    assert record["warnings"] == ["partial"]
    assert (record["char_count"], record["document"]["word_count"], record["preview"]) == (
        18,
        6,
        "page 1 page 2 page 3",
    )
    assert [page["text"] for page in await bench.pages(file.id)] == ["page 1", "page 2", "page 3"]


@pytest.mark.parametrize(("pages", "status", "error"), [(8, "succeeded", None), (100, "failed", "timeout")])
async def test_pages_that_ocr_finished_buy_time_up_to_a_bound(
    bench: Bench, pages: int, status: str, error: str | None
) -> None:
    times: dict[str, Any] = {"heavy_timeout": timedelta(seconds=1), "ocr_page_time": timedelta(seconds=0.5)}
    file = await bench.upload(str(pages).encode(), "a.scan")
    async with service_with(bench, **times, longest_time=timedelta(seconds=4)) as service:
        await service.extract(bench.job(file).model_copy(update={"heavy": True}), correlation_id="test")
    record = await bench.ended(file.id)
    assert (record["status"], record["error"] and record["error"]["code"]) == (status, error)
    stored = len(await bench.pages(file.id))
    assert stored == 8 if error is None else 8 < stored < 25


async def test_the_same_job_three_times_changes_nothing(bench: Bench, running: Context) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    await bench.publish(file)
    first, pages = await bench.ended(file.id), await bench.pages(file.id)
    for _ in range(3):
        await running.service.extract(bench.job(file), correlation_id="test")
    assert await bench.record(file.id) == first
    assert await bench.pages(file.id) == pages


async def test_a_job_delivered_at_once_to_many_is_done_by_one(bench: Bench, running: Context) -> None:
    file = await bench.upload(b"3", "a.slow")
    await asyncio.gather(*(running.service.extract(bench.job(file), correlation_id="test") for _ in range(4)))
    record = await bench.ended(file.id)
    assert (record["status"], record["attempt"]) == ("succeeded", 1)


async def test_a_newer_request_runs_again_and_replaces_the_pages(bench: Bench, running: Context) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    await bench.publish(file)
    first = await bench.ended(file.id)
    stray = {"_id": {"file_id": file.id, "number": 9}, "text": "old", "char_count": 3}
    await bench.database["pages"].insert_one(stray)
    later = now() + timedelta(milliseconds=5)
    await bench.database["files"].update_one({"_id": file.id}, {"$set": {"extract_requested_at": later}})
    await running.service.extract(bench.job(file), correlation_id="test")
    second = await bench.ended(file.id)
    assert second["requested_at"] > first["requested_at"]
    assert [page["_id"]["number"] for page in await bench.pages(file.id)] == [1]


async def test_a_run_whose_process_died_is_taken_over_and_given_up_at_last(bench: Bench, running: Context) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    await bench.publish(file)
    finished = await bench.ended(file.id)
    dead = {
        **finished,
        "status": "running",
        "attempt": 2,
        "ended_at": None,
        "lease": {"owner": "dead", "until": now() - timedelta(seconds=1), "token": uuid4()},
    }
    await bench.database["extractions"].replace_one({"_id": file.id}, dead)
    await running.service.extract(bench.job(file), correlation_id="test")
    third = await bench.ended(file.id)
    assert (third["status"], third["attempt"]) == ("succeeded", 3)
    await bench.database["extractions"].replace_one({"_id": file.id}, {**dead, "attempt": 3})
    await running.service.extract(bench.job(file), correlation_id="test")
    last = await bench.ended(file.id)
    assert (last["status"], last["error"]["code"]) == ("failed", "crashed")


async def test_a_live_lease_of_somebody_else_is_respected(bench: Bench, running: Context) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    await bench.publish(file)
    lease = {"owner": "other", "until": now() + timedelta(minutes=1), "token": uuid4()}
    held = {**await bench.ended(file.id), "status": "running", "lease": lease}
    await bench.database["extractions"].replace_one({"_id": file.id}, held)
    await running.service.extract(bench.job(file), correlation_id="test")
    assert await bench.record(file.id) == held


async def test_a_run_that_lost_its_lease_stops_and_writes_nothing(bench: Bench, running: Context) -> None:
    file = await bench.upload(b"text", "a.hang")
    task = asyncio.create_task(running.service.extract(bench.job(file), correlation_id="test"))
    await bench.until_running(file.id)
    stolen = {"owner": "other", "until": now() + timedelta(minutes=1), "token": uuid4()}
    await bench.database["extractions"].update_one({"_id": file.id}, {"$set": {"lease": stolen}})
    async with asyncio.timeout(RUN.timeout.total_seconds() - 1):
        await task
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["lease"]["owner"]) == ("running", "other")


async def test_a_heartbeat_keeps_a_run_longer_than_its_lease(bench: Bench) -> None:
    file = await bench.upload(b"40", "a.slow")
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["attempt"], record["page_count"]) == ("succeeded", 1, 40 - 10)


async def test_a_file_that_is_gone_or_condemned_gets_nothing(bench: Bench, running: Context) -> None:
    condemned = await bench.upload(pdf("some words"), "a.pdf", state=FileState.DELETING)
    await running.service.extract(bench.job(condemned), correlation_id="test")
    gone = ExtractFile(file_id=uuid4(), sha256="0" * 64, requested_at=now())
    await running.service.extract(gone, correlation_id="test")
    assert await bench.record(condemned.id) is None
    assert await bench.record(gone.file_id) is None


async def test_a_file_condemned_during_its_run_keeps_neither_pages_nor_result(bench: Bench, running: Context) -> None:
    file = await bench.upload(b"5", "a.slow")
    task = asyncio.create_task(running.service.extract(bench.job(file), correlation_id="test"))
    await bench.until_running(file.id)
    await bench.database["files"].update_one({"_id": file.id}, {"$set": {"state": "deleting"}})
    await task
    assert await bench.record(file.id) is None
    assert await bench.pages(file.id) == []
    assert not bench.events(FileProcessed, file.id)


async def test_missing_bytes_are_a_failure_with_a_reason(bench: Bench) -> None:
    file = await bench.upload(pdf("some words"), "a.pdf")
    await bench.objects.delete(str(file.id))
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["error"]["code"]) == ("failed", "corrupt")


async def test_changed_bytes_are_tried_again_and_then_a_failure(bench: Bench) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    file = await bench.upload(pdf("some words"), "a.pdf", sha256=other)
    await bench.publish(file)
    record = await bench.ended(file.id)
    assert (record["status"], record["error"]["code"], record["attempt"]) == ("failed", "corrupt", 3)


async def test_a_stopped_service_hands_its_run_to_another(bench: Bench, running: Context) -> None:
    file = await bench.upload(b"text", "a.hang")
    await running.consumer.stop()
    async with bench.service() as other:
        await bench.publish(file)
        await bench.until_running(file.id)
    assert other is not running
    record = await bench.record(file.id)
    assert record
    assert (record["status"], record["lease"], record["attempt"]) == ("queued", None, 0)
    async with bench.service():
        assert (await bench.ended(file.id))["error"]["code"] == "timeout"


async def test_no_document_is_left_on_disk(bench: Bench) -> None:
    base: Path = bench.settings.run.tmp_base_folder
    assert not await asyncio.to_thread(lambda: list(base.iterdir()))
