"""Uploads cut off by a crash end, one way or the other; those under way are not disturbed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.storage.reconcile.rules import Outcome
from services.storage.reconcile.upload_store import UploadStore
from tests.support.storage import CONTENT, SOON, Remains, an_order, happened, storage_settings

OVERDUE = {"state": FileState.RECEIVING, "sha256": "", "size_bytes": 0, "uploaded_at": None, "link_expires_at": None}
OVERDUE |= {"extract_requested_at": None}
LARGE = b"0123456789abcdef" * 65536 * 9  # 9 MiB: two parts


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["one put", "multipart"])
async def test_an_upload_whose_bytes_arrived_is_completed_and_extracted(remains: Remains, content: bytes) -> None:
    file = await remains.file(**OVERDUE, receive_until=now())
    await remains.put(str(file.id), content)
    assert await remains.reconcile() == {Outcome.UPLOADS_COMPLETED: 1}
    after = await remains.find(file.id)
    assert after is not None
    assert (after.state, after.size_bytes) == (FileState.STORED, len(content))
    assert after.sha256 == hashlib.sha256(content).hexdigest()
    assert after.uploaded_at is not None
    assert after.link_expires_at == after.uploaded_at + timedelta(days=30)
    assert after.receive_until is None
    assert await remains.reconcile() == {Outcome.JOBS_PUBLISHED: 1}
    assert [job.file_id for job in await remains.jobs()] == [file.id]


async def test_an_upload_without_extraction_is_completed_without_a_job(remains: Remains) -> None:
    file = await remains.file(**OVERDUE, receive_until=now(), skip_extraction=True)
    await remains.put(str(file.id))
    assert await remains.reconcile() == {Outcome.UPLOADS_COMPLETED: 1}
    assert await remains.reconcile() == {}


@pytest.mark.parametrize("empty", [True, False])
async def test_an_upload_whose_bytes_never_arrived_leaves_nothing(remains: Remains, *, empty: bool) -> None:
    file = await remains.file(**OVERDUE, receive_until=now())
    if empty:
        await remains.put(str(file.id), b"")
    assert await remains.reconcile() == {Outcome.UPLOADS_CONDEMNED: 1}
    assert await remains.find(file.id) is None
    assert await remains.keys() == []
    receipt = await remains.database["deletions"].find_one({})
    assert receipt is not None
    assert (receipt["kind"], receipt["requested_by"], receipt["counts"]["files"]) == ("expired_upload", "storage", 1)
    assert receipt["completed_at"] is not None


async def test_an_upload_with_time_left_is_not_touched(remains: Remains) -> None:
    fresh = await remains.file(**OVERDUE, receive_until=now() + SOON)
    arrived = await remains.file(**OVERDUE, receive_until=now() + SOON)
    await remains.put(str(arrived.id))
    assert await remains.reconcile(quarantine=timedelta(0)) == {}
    for file in (fresh, arrived):
        assert await remains.find(file.id) == file


async def test_two_reconcilers_complete_and_condemn_each_upload_once(remains: Remains) -> None:
    arrived = [await remains.file(**OVERDUE, receive_until=now()) for _ in range(5)]
    for file in arrived:
        await remains.put(str(file.id))
    lost = [await remains.file(**OVERDUE, receive_until=now()) for _ in range(15)]
    reports = await asyncio.gather(*(remains.sweeper().run_round(complete=True) for _ in range(2)))
    totals = [happened(report) for report in reports]
    assert sum(total.get(Outcome.UPLOADS_COMPLETED, 0) for total in totals) == len(arrived)
    assert sum(total.get(Outcome.UPLOADS_CONDEMNED, 0) for total in totals) == len(lost)
    assert await remains.count("files") == len(arrived)
    receipts = remains.database["deletions"].find({})
    assert sum([receipt["counts"]["files"] async for receipt in receipts]) == len(lost)


async def test_an_upload_that_the_gateway_ends_meanwhile_stays_as_it_ended(remains: Remains) -> None:
    file = await remains.file(**OVERDUE, receive_until=now())
    store = UploadStore(remains.database)
    claimed = await store.claim(file, now() + SOON)
    assert claimed is not None
    assert await store.claim(file, now() + SOON) is None
    update = {"$set": {"state": FileState.STORED, "sha256": "theirs"}, "$unset": {"receive_until": ""}}
    await remains.database["files"].update_one({"_id": file.id}, update)
    assert not await store.complete(claimed, {"sha256": "ours"})
    assert not await store.condemn(claimed, an_order())
    after = await remains.find(file.id)
    assert after is not None
    assert (after.state, after.sha256) == (FileState.STORED, "theirs")


async def begin_multipart(remains: Remains, key: str) -> None:
    """Leave an unfinished multipart upload behind, as a killed process does."""
    answer = await remains.objects._client.request("POST", key, query={"uploads": ""})
    assert answer.status == 200


async def unfinished(remains: Remains) -> list[str]:
    return [upload.key async for upload in remains.objects.list_uploads()]


async def test_an_old_multipart_upload_is_aborted(remains: Remains) -> None:
    await begin_multipart(remains, str(uuid4()))
    done = await remains.reconcile(receive_deadline=timedelta(0), upload_margin=timedelta(0))
    assert done == {Outcome.UPLOADS_ABORTED: 1}
    assert await unfinished(remains) == []


async def test_a_multipart_upload_of_a_deleted_file_is_aborted_at_once(remains: Remains) -> None:
    file = await remains.file(**OVERDUE, receive_until=now())
    await begin_multipart(remains, str(file.id))
    assert await remains.reconcile() == {Outcome.UPLOADS_CONDEMNED: 1, Outcome.UPLOADS_ABORTED: 1}
    assert await unfinished(remains) == []


async def test_young_and_continued_multipart_uploads_are_not_touched(remains: Remains) -> None:
    young = str(uuid4())
    continued = str((await remains.file(**OVERDUE, receive_until=now() + SOON)).id)
    foreign = "backups/nightly.tar"
    for key in (young, continued, foreign):
        await begin_multipart(remains, key)
    assert await remains.reconcile() == {}
    assert sorted(await unfinished(remains)) == sorted([young, continued, foreign])
    impatient = {"receive_deadline": timedelta(0), "upload_margin": timedelta(0)}
    assert await remains.reconcile(**impatient) == {Outcome.UPLOADS_ABORTED: 1}
    assert sorted(await unfinished(remains)) == sorted([continued, foreign])
