"""Every acknowledged upload's job gets to the broker, however often it is lost, and no live one is disturbed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.amqp.routes import work_queue
from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.records import Outbox
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.storage.reconcile.rules import Outcome
from tests.support.storage import Remains, happened, storage_settings

A_WHILE = timedelta(minutes=2)


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


def outbox(**changes: Any) -> Outbox:
    return Outbox(**{"next_at": now(), "request_id": "req-1", **changes})


def lease(ends_in: timedelta) -> dict[str, Any]:
    return {"owner": "worker", "until": now() + ends_in, "token": uuid4()}


async def test_a_due_outbox_is_published_and_emptied(remains: Remains) -> None:
    file = await remains.stored(outbox=outbox())
    assert await remains.reconcile() == {Outcome.JOBS_PUBLISHED: 1}
    [job] = await remains.jobs()
    assert (job.file_id, job.sha256, job.requested_at) == (file.id, file.sha256, file.extract_requested_at)
    after = await remains.find(file.id)
    assert after is not None
    assert after.outbox is None
    assert after.dispatched_at is not None


async def test_an_outbox_that_is_not_due_is_the_gateways(remains: Remains) -> None:
    await remains.stored(outbox=outbox(next_at=now() + A_WHILE))
    assert await remains.reconcile() == {}
    assert await remains.jobs() == []


async def test_two_reconcilers_publish_each_outbox_once(remains: Remains) -> None:
    files = [await remains.file(outbox=outbox()) for _ in range(40)]
    reports = await asyncio.gather(*(remains.sweeper().run_round(complete=True) for _ in range(2)))
    assert sum(report.counts[Outcome.JOBS_PUBLISHED] for report in reports) == len(files)
    jobs = await remains.jobs()
    assert sorted(job.file_id for job in jobs) == sorted(file.id for file in files)


async def test_a_job_that_the_broker_refuses_stays_in_its_outbox(remains: Remains) -> None:
    file = await remains.stored(outbox=outbox())
    lane = work_queue(extraction_job(file))
    assert lane
    queue = await remains.channel.get_queue(lane.name, ensure=False)
    await queue.unbind(lane.exchange, routing_key=lane.routing_key)
    report = await remains.sweeper().run_round(complete=True)
    assert report.counts[Outcome.JOBS_PUBLISHED] == 0
    after = await remains.find(file.id)
    assert after is not None
    assert after.outbox is not None
    assert after.outbox.attempts == 1
    assert after.dispatched_at is None


async def test_the_next_round_after_an_outage_publishes(remains: Remains) -> None:
    await remains.stored(outbox=outbox(attempts=9))
    assert await remains.reconcile() == {Outcome.JOBS_PUBLISHED: 1}


async def test_only_stored_files_have_jobs(remains: Remains) -> None:
    await remains.file(state="receiving", receive_until=now() + A_WHILE, outbox=outbox())
    assert await remains.reconcile() == {}


async def test_a_dispatched_file_that_nobody_began_is_dispatched_again(remains: Remains) -> None:
    file = await remains.stored(dispatched_at=now() - A_WHILE, extract_requested_at=now() - A_WHILE)
    assert await remains.reconcile() == {Outcome.JOBS_REPEATED: 1}
    [job] = await remains.jobs()
    assert job.file_id == file.id
    assert await remains.reconcile() == {}


async def test_a_fresh_dispatch_is_left_alone(remains: Remains) -> None:
    await remains.stored(dispatched_at=now() - timedelta(seconds=20))
    assert await remains.reconcile() == {}


async def test_a_live_lease_is_left_alone(remains: Remains) -> None:
    file = await remains.stored(dispatched_at=now() - A_WHILE)
    await remains.text(file.id, pages=0, status="running", lease=lease(A_WHILE))
    assert await remains.reconcile() == {}


async def test_an_expired_lease_is_dispatched_again_once(remains: Remains) -> None:
    file = await remains.stored(dispatched_at=now() - timedelta(seconds=40))
    await remains.text(file.id, pages=0, status="running", lease=lease(timedelta(seconds=-10)))
    assert await remains.reconcile() == {Outcome.JOBS_REPEATED: 1}
    assert await remains.reconcile() == {}
    assert len(await remains.jobs()) == 1


async def test_a_lease_that_has_just_expired_is_given_its_grace(remains: Remains) -> None:
    file = await remains.stored(dispatched_at=now() - timedelta(seconds=40))
    await remains.text(file.id, pages=0, status="running", lease=lease(timedelta(seconds=-1)))
    assert await remains.reconcile() == {}


async def test_repetitions_grow_rarer_but_never_stop(remains: Remains) -> None:
    requested = now() - timedelta(hours=3)
    late = now() - timedelta(minutes=5)
    file = await remains.stored(extract_requested_at=requested, dispatched_at=late)
    assert await remains.reconcile() == {}
    await remains.database["files"].update_one(
        {"_id": file.id}, {"$set": {"dispatched_at": now() - timedelta(minutes=10)}}
    )
    assert await remains.reconcile() == {Outcome.JOBS_REPEATED: 1}


@pytest.mark.parametrize("status", ["succeeded", "failed", "skipped"])
async def test_an_ended_extraction_is_settled_and_not_repeated(remains: Remains, status: str) -> None:
    file = await remains.stored(dispatched_at=now() - A_WHILE)
    await remains.text(file.id, status=status, requested_at=file.extract_requested_at)
    assert await remains.reconcile() == {Outcome.JOBS_SETTLED: 1}
    assert await remains.reconcile() == {}
    assert await remains.jobs() == []


async def test_an_extraction_older_than_the_request_does_not_count_as_its_end(remains: Remains) -> None:
    file = await remains.stored(dispatched_at=now() - A_WHILE, extract_requested_at=now() - A_WHILE)
    await remains.text(file.id, requested_at=now() - timedelta(days=1))
    assert await remains.reconcile() == {Outcome.JOBS_REPEATED: 1}


async def test_a_skipped_file_is_never_dispatched(remains: Remains) -> None:
    await remains.stored(skip_extraction=True, dispatched_at=now() - A_WHILE)
    assert await remains.reconcile() == {}


async def test_two_reconcilers_repeat_each_stuck_job_once(remains: Remains) -> None:
    ago = now() - A_WHILE
    files = [await remains.file(dispatched_at=ago, extract_requested_at=ago) for _ in range(30)]
    reports = await asyncio.gather(*(remains.sweeper().run_round(complete=True) for _ in range(2)))
    assert sum(report.counts[Outcome.JOBS_REPEATED] for report in reports) == len(files)
    assert len({job.file_id for job in await remains.jobs()}) == len(files)


async def test_a_broken_rule_does_not_stop_the_others(remains: Remains) -> None:
    await remains.database["extractions"].insert_one({"_id": "not an id", "status": "running"})
    await remains.stored(outbox=outbox())
    report = await remains.sweeper().run_round(complete=True)
    assert report.failed == ["leftovers"]
    assert report.counts[Outcome.JOBS_PUBLISHED] == 1


async def test_a_round_reports_every_outcome(remains: Remains) -> None:
    report = await remains.sweeper().run_round(complete=False)
    assert set(report.counts) == set(Outcome)
    assert happened(report) == {}
