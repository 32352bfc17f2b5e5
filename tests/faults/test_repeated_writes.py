"""A write that the driver repeats, because its answer was lost with the server, counts once and is no failure."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from libs.clock import now
from libs.contracts.records import FileRecord, FileState
from libs.mongo.database import Database, MongoSettings, open_database
from services.extraction.store import ExtractionStore
from services.gateway.files.store import FileStore

LEASE = timedelta(seconds=30)


@pytest.fixture
async def database(mongo: MongoSettings) -> AsyncIterator[Database]:
    async with open_database(mongo) as opened:
        yield opened


def received() -> FileRecord:
    return FileRecord(
        id=uuid4(),
        app_id="app",
        agent_id="agent",
        owner="owner",
        filename="notes.txt",
        declared_type="text/plain",
        media_type="text/plain",
        state=FileState.RECEIVING,
        created_at=now(),
    )


def completed(uploaded_at: datetime) -> dict[str, object]:
    return {"state": FileState.STORED, "uploaded_at": uploaded_at}


async def test_a_record_created_twice_is_one_record(database: Database) -> None:
    files, record = FileStore(database), received()
    await files.create(record)
    await files.create(record)
    assert await database["files"].count_documents({"_id": record.id}) == 1


async def test_an_upload_completed_twice_by_one_request_is_complete(database: Database) -> None:
    files, record, changes = FileStore(database), received(), completed(now())
    await files.create(record)
    assert [await files.advance(record.id, changes), await files.advance(record.id, changes)] == [True, True]


async def test_an_upload_that_somebody_else_ended_is_not_completed(database: Database) -> None:
    files, record, moment = FileStore(database), received(), now()
    await files.create(record)
    assert await files.advance(record.id, completed(moment))
    assert not await files.advance(record.id, completed(moment + timedelta(seconds=1)))
    await database["files"].update_one({"_id": record.id}, {"$set": {"state": FileState.DELETING}})
    assert not await files.advance(record.id, completed(moment))


async def test_a_lease_claimed_without_hearing_of_it_is_ours(database: Database) -> None:
    extractions, file = ExtractionStore(database, owner="us"), received()
    claim = await extractions.claim(file, now(), lease=LEASE)
    assert claim is not None
    fresh = claim.record
    assert await extractions._claim_existing(fresh, now()) == fresh
    assert await extractions.claim(file, fresh.requested_at, lease=LEASE) is None
