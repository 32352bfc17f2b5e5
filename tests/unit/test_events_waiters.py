"""Waiting for events: everybody who expects one is woken, nobody leaves anything behind."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from libs.contracts.messages import FileFailed, FileProcessed, FileProgress, FilesDeleted
from services.gateway.events.waiters import Waiters

_LONG = timedelta(hours=1)
_NOW = timedelta(0)


def _processed(file_id: UUID) -> FileProcessed:
    return FileProcessed(file_id=file_id, app_id="app", owner="key:1")


async def test_an_event_that_comes_before_the_wait_is_not_missed() -> None:
    waiters, file_id = Waiters(), uuid4()
    with waiters.expect(file_id) as expectation:
        waiters.receive(_processed(file_id))
        assert await expectation.wait(_LONG) == {file_id}


async def test_everybody_who_expects_a_key_is_woken() -> None:
    waiters, file_id = Waiters(), uuid4()
    with waiters.expect(file_id) as one, waiters.expect(file_id) as other:
        waits = asyncio.gather(one.wait(_LONG), other.wait(_LONG))
        await asyncio.sleep(0)
        waiters.receive(FileFailed(file_id=file_id, app_id="app", owner="o", code="corrupt"))
        assert [set(fired) for fired in await waits] == [{file_id}, {file_id}]


async def test_a_wait_for_several_keys_ends_with_the_last() -> None:
    waiters, first, second = Waiters(), uuid4(), uuid4()
    with waiters.expect(first, second) as expectation:
        waiters.receive(_processed(first))
        assert await expectation.wait(_NOW) == {first}
        waiters.receive(FilesDeleted(deletion_id=second))
        assert await expectation.wait(_LONG) == {first, second}


async def test_progress_wakes_nobody() -> None:
    waiters, file_id = Waiters(), uuid4()
    with waiters.expect(file_id) as expectation:
        waiters.receive(FileProgress(file_id=file_id, app_id="app", owner="o", pages_done=1))
        assert not await expectation.wait(_NOW)


async def test_waiting_for_nothing_is_over_at_once() -> None:
    with Waiters().expect() as expectation:
        assert not await expectation.wait(_LONG)


async def test_nothing_is_kept_for_keys_nobody_expects() -> None:
    waiters, file_id = Waiters(), uuid4()
    waiters.receive(_processed(uuid4()))
    with waiters.expect(file_id, file_id), waiters.expect(file_id):
        waiters.receive(_processed(file_id))
    assert not waiters._by_key


async def test_a_waiter_that_gives_up_leaves_the_others_waiting() -> None:
    waiters, file_id = Waiters(), uuid4()
    with waiters.expect(file_id) as patient:
        with waiters.expect(file_id) as hasty:
            assert not await hasty.wait(_NOW)
        waiters.receive(_processed(file_id))
        assert await patient.wait(_LONG) == {file_id}
