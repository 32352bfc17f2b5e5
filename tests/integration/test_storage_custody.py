"""Objects and records find each other again; nothing a user may still want is destroyed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.storage.reconcile.rules import Outcome
from tests.support.storage import CONTENT, LONG_AGO, SOON, Remains, an_order, condemned, happened, storage_settings

NO_QUARANTINE = timedelta(0)
CONVERSATION = uuid4()
ESSENTIALS = {
    "app_id": "demo",
    "agent_id": "assistant",
    "owner": "key:1",
    "conversation_id": str(CONVERSATION),
    "filename": "تقرير\n年度.txt",
    "declared_type": "text/plain",
    "media_type": "text/plain",
    "uploaded_at": (now() - LONG_AGO).isoformat(),
}


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


def gauge(name: str) -> float:
    value = REGISTRY.get_sample_value(name)
    assert value is not None
    return value


async def orphan(remains: Remains, **changes: str) -> UUID:
    file_id = uuid4()
    await remains.put(str(file_id), metadata={**ESSENTIALS, **changes})
    return file_id


async def test_an_object_with_a_record_is_nobodys_business(remains: Remains) -> None:
    for state in ({}, {"state": FileState.RECEIVING, "receive_until": now() + SOON}, condemned(an_order())):
        await remains.stored(**state)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {}
    assert len(await remains.keys()) == 3


async def test_a_young_orphan_waits_whatever_it_carries(remains: Remains) -> None:
    await orphan(remains)
    await remains.put(str(uuid4()))
    assert await remains.reconcile() == {Outcome.ORPHANS_WAITING: 2}
    assert len(await remains.keys()) == 2
    assert gauge("satchel_orphan_objects") == 2


async def test_an_orphan_with_its_essentials_is_adopted_and_extracted(remains: Remains) -> None:
    file_id = await orphan(remains)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {Outcome.ORPHANS_ADOPTED: 1}
    file = await remains.find(file_id)
    assert file is not None
    assert (file.state, file.active, file.filename) == (FileState.STORED, True, ESSENTIALS["filename"])
    assert (file.app_id, file.agent_id, file.owner) == ("demo", "assistant", "key:1")
    assert file.conversation_id == CONVERSATION
    assert (file.size_bytes, file.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert file.uploaded_at is not None
    assert file.uploaded_at.isoformat() == ESSENTIALS["uploaded_at"]
    assert file.link_expires_at == file.uploaded_at + timedelta(days=30)
    assert await remains.reconcile() == {Outcome.JOBS_PUBLISHED: 1}
    assert gauge("satchel_orphan_objects") == 0


async def test_an_adopted_upload_that_declined_extraction_gets_none(remains: Remains) -> None:
    file_id = await orphan(remains, skip_extraction="true")
    await remains.reconcile(quarantine=NO_QUARANTINE)
    file = await remains.find(file_id)
    assert file is not None
    assert file.outbox is None


@pytest.mark.parametrize("flaw", [{"owner": ""}, {"conversation_id": "not an id"}, {"filename": ""}])
async def test_an_orphan_without_essentials_is_removed(remains: Remains, flaw: dict[str, str]) -> None:
    await orphan(remains, **flaw)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {Outcome.ORPHANS_REMOVED: 1}
    assert await remains.keys() == []
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {}
    assert gauge("satchel_orphan_objects") == 0


@pytest.mark.parametrize("uploaded_at", ["", "yesterday", "2020-01-01T00:00:00", "2999-01-01T00:00:00+00:00"])
async def test_an_unbelievable_time_of_upload_gives_way_to_the_objects_own(remains: Remains, uploaded_at: str) -> None:
    file_id = await orphan(remains, uploaded_at=uploaded_at)
    await remains.reconcile(quarantine=NO_QUARANTINE)
    file = await remains.find(file_id)
    assert file is not None
    assert file.uploaded_at is not None
    assert abs(file.uploaded_at - now()) < SOON


async def test_an_object_written_after_its_file_was_deleted_is_removed_at_once(remains: Remains) -> None:
    order = an_order()
    file = await remains.stored(**condemned(order))
    await remains.deletions().carry_out(order.id)
    await remains.put(str(file.id), metadata=ESSENTIALS)
    assert await remains.reconcile() == {Outcome.ORPHANS_REMOVED: 1}
    assert await remains.keys() == []
    assert await remains.find(file.id) is None


async def test_an_orphan_of_a_deleted_conversation_is_not_adopted(remains: Remains) -> None:
    order = an_order("conversation")
    conversation = {"_id": CONVERSATION, "deletion": order.model_dump()}
    await remains.database["conversations"].insert_one(conversation)
    await remains.deletions().carry_out(order.id)
    await orphan(remains)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {Outcome.ORPHANS_REMOVED: 1}
    assert await remains.count("files") == 0


async def test_an_orphan_of_a_conversation_that_was_only_reset_is_adopted(remains: Remains) -> None:
    order = an_order("reset")
    await remains.database["conversations"].insert_one({"_id": CONVERSATION, "deletion": order.model_dump()})
    await remains.deletions().carry_out(order.id)
    await orphan(remains)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {Outcome.ORPHANS_ADOPTED: 1}


async def test_foreign_objects_are_counted_and_never_touched(remains: Remains) -> None:
    foreign = ["backup.tar", "zz/notes", str(uuid4()).upper()]
    for key in foreign:
        await remains.put(key)
    assert await remains.reconcile(quarantine=NO_QUARANTINE) == {Outcome.OBJECTS_FOREIGN: 3}
    assert sorted(await remains.keys()) == sorted(foreign)


async def test_what_is_kept_beside_a_file_follows_it(remains: Remains) -> None:
    living, lost = await remains.stored(), await orphan(remains)
    for file_id in (living.id, lost):
        await remains.put(f"{file_id}/part/1")
    done = await remains.reconcile(quarantine=NO_QUARANTINE)
    assert done == {Outcome.ORPHANS_ADOPTED: 1, Outcome.ORPHANS_REMOVED: 1}
    assert sorted(await remains.keys()) == sorted([str(living.id), f"{living.id}/part/1", str(lost)])


async def test_stored_records_without_object_are_reported_and_kept(remains: Remains) -> None:
    kept = [await remains.stored() for _ in range(3)]
    lost = [await remains.file() for _ in range(3)]
    await remains.file(state=FileState.RECEIVING, receive_until=now() + SOON)
    assert await remains.reconcile() == {Outcome.OBJECTS_MISSING: 3}
    assert gauge("satchel_missing_objects") == 3
    assert await remains.count("files") == len(kept) + len(lost) + 1
    for file in lost:
        await remains.put(str(file.id))
    assert await remains.reconcile() == {}
    assert gauge("satchel_missing_objects") == 0


async def test_two_reconcilers_adopt_each_orphan_once(remains: Remains) -> None:
    files = [await orphan(remains) for _ in range(10)]
    sweepers = [remains.sweeper(quarantine=NO_QUARANTINE) for _ in range(2)]
    reports = await asyncio.gather(*(sweeper.run_round(complete=True) for sweeper in sweepers))
    assert sum(happened(report).get(Outcome.ORPHANS_ADOPTED, 0) for report in reports) == len(files)
    assert await remains.count("files") == len(files)


async def test_two_reconcilers_remove_each_orphan_once(remains: Remains) -> None:
    for _ in range(10):
        await orphan(remains, owner="")
    sweepers = [remains.sweeper(quarantine=NO_QUARANTINE) for _ in range(2)]
    reports = await asyncio.gather(*(sweeper.run_round(complete=True) for sweeper in sweepers))
    assert sum(happened(report).get(Outcome.ORPHANS_REMOVED, 0) for report in reports) >= 10
    assert await remains.keys() == []
    assert await remains.count("tombstones") == 10


async def test_bounded_rounds_walk_the_whole_bucket_and_find_the_same(
    remains: Remains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.reconcile.objects._SLICE", 4)
    for _ in range(11):
        await remains.stored()
    orphans = [await orphan(remains) for _ in range(3)]
    lost = [await remains.file() for _ in range(3)]
    sweeper = remains.sweeper(objects_per_round=4)
    found = [happened(await sweeper.run_round(complete=False)) for _ in range(4)]
    assert sum(part.get(Outcome.ORPHANS_WAITING, 0) for part in found) == len(orphans)
    assert sum(part.get(Outcome.OBJECTS_MISSING, 0) for part in found) == len(lost)
    assert gauge("satchel_orphan_objects") == len(orphans)
    assert gauge("satchel_missing_objects") == len(lost)
