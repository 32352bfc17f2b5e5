"""Deletion orders are carried out in full, counted exactly, and touch nothing else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.amqp.delivery import Delivery
from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.messages import ExtractFile
from libs.contracts.records import DeletionOrder, DeletionRecord, FileRecord
from libs.errors import DependencyUnavailable
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.storage.deletion_store import COUNTED, DeletionStore
from services.storage.reconcile.rules import Outcome
from tests.support.storage import CONTENT, Remains, an_order, condemned, storage_settings

A_WHILE = timedelta(minutes=2)


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


async def a_conversation(remains: Remains, order: DeletionOrder | None = None, *, messages: int = 2) -> UUID:
    """Insert a conversation whose messages were written a minute ago."""
    conversation_id = uuid4()
    deletion = None if order is None else order.model_dump()
    await remains.database["conversations"].insert_one({"_id": conversation_id, "title": "t", "deletion": deletion})
    await say(remains, conversation_id, times=messages, ago=timedelta(minutes=1))
    return conversation_id


async def say(remains: Remains, conversation_id: UUID, *, times: int = 1, ago: timedelta = timedelta(0)) -> None:
    message = {"conversation_id": conversation_id, "created_at": now() - ago, "text": "hello"}
    for _ in range(times):
        await remains.database["messages"].insert_one({"_id": uuid4(), **message})


async def receipt(remains: Remains, order: DeletionOrder) -> DeletionRecord:
    found = await DeletionStore(remains.database).find_receipt(order.id)
    assert found is not None
    return found


def counts(**some: int) -> dict[str, int]:
    return {**dict.fromkeys(COUNTED, 0), **some}


async def untouched(remains: Remains) -> FileRecord:
    """Insert a file that nobody condemned, with everything it may have."""
    file = await remains.stored()
    await remains.text(file.id)
    return file


async def assert_untouched(remains: Remains, file: FileRecord) -> None:
    assert await remains.find(file.id) == file
    assert str(file.id) in await remains.keys()
    assert await remains.database["pages"].count_documents({"_id.file_id": file.id}) == 3
    assert await remains.database["extractions"].count_documents({"_id": file.id}) == 1


async def test_a_file_goes_with_everything_that_hangs_on_it(remains: Remains) -> None:
    order, bystander = an_order(), await untouched(remains)
    file = await remains.stored(**condemned(order))
    await remains.text(file.id, pages=5)
    await remains.deletions().carry_out(order.id)
    assert await remains.find(file.id) is None
    assert await remains.keys() == [str(bystander.id)]
    done = await receipt(remains, order)
    assert done.counts == counts(files=1, objects=1, bytes=len(CONTENT), pages=5, extractions=1)
    assert (done.kind, done.requested_by, done.requested_at) == ("file", "key:1", order.requested_at)
    assert done.completed_at is not None
    await assert_untouched(remains, bystander)


async def test_a_file_without_object_or_text_goes_too(remains: Remains) -> None:
    order = an_order()
    await remains.file(**condemned(order), sha256="", size_bytes=0)
    await remains.deletions().carry_out(order.id)
    assert (await receipt(remains, order)).counts == counts(files=1)


async def test_a_deleted_conversation_goes_with_messages_and_files(remains: Remains) -> None:
    order = an_order("conversation")
    doomed, other = await a_conversation(remains, order, messages=4), await a_conversation(remains)
    await remains.stored(**condemned(order), conversation_id=doomed)
    await remains.deletions().carry_out(order.id)
    assert await remains.database["conversations"].distinct("_id") == [other]
    assert await remains.database["messages"].distinct("conversation_id") == [other]
    done = counts(files=1, objects=1, bytes=len(CONTENT), messages=4, conversations=1)
    assert (await receipt(remains, order)).counts == done


async def test_a_reset_empties_the_conversation_and_keeps_it(remains: Remains) -> None:
    order = an_order("reset")
    conversation_id = await a_conversation(remains, order, messages=3)
    await say(remains, conversation_id, ago=-timedelta(seconds=5))
    await remains.deletions().carry_out(order.id)
    kept = await remains.database["conversations"].find_one({"_id": conversation_id})
    assert kept is not None
    assert kept["title"] == "t"
    assert "deletion" not in kept
    assert await remains.count("messages") == 1
    assert (await receipt(remains, order)).counts == counts(messages=3)


async def test_a_conversation_can_be_reset_again_and_then_deleted(remains: Remains) -> None:
    conversation_id = await a_conversation(remains, messages=0)
    for kind, expected in (("reset", 0), ("reset", 0), ("conversation", 1)):
        await say(remains, conversation_id, times=2, ago=timedelta(seconds=1))
        order = an_order(kind)
        mark = {"$set": {"deletion": order.model_dump()}}
        await remains.database["conversations"].update_one({"_id": conversation_id}, mark)
        await remains.deletions().carry_out(order.id)
        assert (await receipt(remains, order)).counts == counts(messages=2, conversations=expected)


async def test_a_newer_order_on_the_conversation_survives_an_older_ones_end(remains: Remains) -> None:
    old, new = an_order("reset"), an_order("conversation")
    conversation_id = await a_conversation(remains, new)
    await DeletionStore(remains.database).remove_conversation(old, conversation_id)
    kept = await remains.database["conversations"].find_one({"_id": conversation_id})
    assert kept is not None
    assert kept["deletion"]["id"] == new.id


async def test_repeating_an_order_changes_nothing(remains: Remains) -> None:
    order = an_order()
    await remains.stored(**condemned(order))
    await remains.deletions().carry_out(order.id)
    first = await receipt(remains, order)
    await remains.deletions().carry_out(order.id)
    assert await receipt(remains, order) == first


async def test_an_order_that_covers_nothing_is_no_error(remains: Remains) -> None:
    await remains.deletions().carry_out(uuid4())
    assert await remains.count("deletions") == 0


async def test_several_replicas_carry_out_one_order_and_count_once(remains: Remains) -> None:
    order = an_order()
    for _ in range(30):
        file = await remains.stored(**condemned(order))
        await remains.text(file.id, pages=2)
    await asyncio.gather(*(remains.deletions().carry_out(order.id) for _ in range(3)))
    done = counts(files=30, objects=30, bytes=30 * len(CONTENT), pages=60, extractions=30)
    assert (await receipt(remains, order)).counts == done
    assert await remains.keys() == []


@pytest.mark.parametrize("step", ["bury_files", "remove_texts", "remove_files", "complete"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_step_is_made_good_with_exact_counts(
    remains: Remains, monkeypatch: pytest.MonkeyPatch, step: str, *, done: bool
) -> None:
    order = an_order()
    for _ in range(3):
        file = await remains.stored(**condemned(order))
        await remains.text(file.id, pages=4)
    real = getattr(DeletionStore, step)

    async def crash(*args: Any) -> None:
        if done:
            await real(*args)
        raise DependencyUnavailable("database")

    with monkeypatch.context() as patch:
        patch.setattr(DeletionStore, step, crash)
        with pytest.raises(DependencyUnavailable):
            await remains.deletions().carry_out(order.id)
    await remains.reconcile(order_grace=timedelta(0))
    expected = counts(files=3, objects=3, bytes=3 * len(CONTENT), pages=12, extractions=3)
    after = await receipt(remains, order)
    assert after.counts == expected
    assert after.completed_at is not None
    for collection in ("files", "pages", "extractions"):
        assert await remains.count(collection) == 0
    assert await remains.keys() == []


async def test_a_large_order_goes_in_batches(remains: Remains, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.storage.deletions._BATCH", 7)
    order = an_order()
    for _ in range(20):
        await remains.file(**condemned(order))
    await remains.deletions().carry_out(order.id)
    assert (await receipt(remains, order)).counts["files"] == 20


async def test_an_order_whose_command_was_lost_is_carried_out(remains: Remains) -> None:
    late = an_order(requested_at=now() - A_WHILE)
    await remains.stored(**condemned(late))
    conversations = an_order("conversation", requested_at=now() - A_WHILE)
    await a_conversation(remains, conversations)
    assert await remains.reconcile() == {Outcome.ORDERS_RESUMED: 2}
    assert (await receipt(remains, late)).completed_at is not None
    assert (await receipt(remains, conversations)).completed_at is not None
    assert await remains.reconcile() == {}


async def test_a_young_order_is_left_to_its_command(remains: Remains) -> None:
    await remains.stored(**condemned(an_order()))
    await a_conversation(remains, an_order("reset"))
    assert await remains.reconcile() == {}
    assert await remains.count("files") == 1
    assert await remains.count("messages") == 2


async def test_a_condemned_file_without_an_order_gets_one(remains: Remains) -> None:
    await remains.stored(state="deleting")
    assert await remains.reconcile() == {Outcome.ORDERS_RESUMED: 1}
    assert await remains.count("files") == 0


async def test_a_receipt_left_open_is_completed(remains: Remains) -> None:
    order = an_order(requested_at=now() - A_WHILE)
    await DeletionStore(remains.database).put_receipt(order)
    assert await remains.reconcile() == {Outcome.ORDERS_RESUMED: 1}
    assert (await receipt(remains, order)).completed_at is not None


async def test_files_past_their_retention_go_and_others_stay(remains: Remains) -> None:
    bystander = await untouched(remains)
    staying = await remains.stored(retain_until=now() + A_WHILE)
    await remains.stored(retain_until=now() - timedelta(seconds=1))
    assert await remains.reconcile() == {Outcome.FILES_EXPIRED: 1}
    assert sorted(await remains.keys()) == sorted([str(bystander.id), str(staying.id)])
    [found] = [found async for found in remains.database["deletions"].find({})]
    assert (found["kind"], found["requested_by"], found["counts"]["files"]) == ("retention", "storage", 1)
    await assert_untouched(remains, bystander)


async def test_two_reconcilers_expire_each_file_once(remains: Remains) -> None:
    for _ in range(20):
        await remains.file(retain_until=now() - timedelta(seconds=1))
    reports = await asyncio.gather(*(remains.sweeper().run_round(complete=True) for _ in range(2)))
    assert sum(report.counts[Outcome.FILES_EXPIRED] for report in reports) == 20
    receipts = remains.database["deletions"].find({})
    assert sum([found["counts"]["files"] async for found in receipts]) == 20


async def test_text_of_a_file_that_is_gone_is_removed(remains: Remains) -> None:
    bystander, gone = await untouched(remains), uuid4()
    receiving = await remains.file(state="receiving", receive_until=now() + A_WHILE)
    await remains.text(gone, pages=4)
    await remains.text(receiving.id, pages=1)
    assert await remains.reconcile() == {Outcome.PAGES_REMOVED: 4, Outcome.EXTRACTIONS_REMOVED: 1}
    await assert_untouched(remains, bystander)
    assert await remains.count("pages") == 4
    assert await remains.reconcile() == {}


async def test_bounded_rounds_find_all_leftovers_in_time(remains: Remains) -> None:
    for _ in range(5):
        await untouched(remains)
        await remains.text(uuid4(), pages=3)
    sweeper = remains.sweeper(records_per_round=4)
    removed = 0
    for _ in range(12):
        removed += (await sweeper.run_round(complete=False)).counts[Outcome.PAGES_REMOVED]
    assert removed == 15
    assert await remains.count("pages") == 15


async def test_late_messages_of_a_deleted_conversation_go_and_unexplained_ones_stay(remains: Remains) -> None:
    order = an_order("conversation")
    deleted = await a_conversation(remains, order)
    await remains.deletions().carry_out(order.id)
    await say(remains, deleted)
    unexplained = uuid4()
    await say(remains, unexplained)
    assert await remains.reconcile() == {Outcome.MESSAGES_REMOVED: 1}
    assert await remains.database["messages"].distinct("conversation_id") == [unexplained]


async def test_another_services_message_is_refused(remains: Remains) -> None:
    job = ExtractFile(file_id=uuid4(), sha256="", requested_at=now())
    with pytest.raises(TypeError):
        await remains.deletions().handle(Delivery(job, "req", redelivered=False, retries=0))


async def test_a_file_attached_while_its_conversation_was_deleted_is_found_and_removed(remains: Remains) -> None:
    order = an_order("conversation")
    doomed, other = await a_conversation(remains, order), await a_conversation(remains)
    await remains.deletions().carry_out(order.id)
    late = await remains.stored(conversation_id=doomed)
    kept = [await remains.stored(conversation_id=other), await remains.stored()]
    assert (await remains.reconcile())[Outcome.STRAYS_REMOVED] == 1
    assert sorted(await remains.database["files"].distinct("_id")) == sorted(file.id for file in kept)
    assert str(late.id) not in await remains.keys()
