"""How a run ends and what is counted of it, where real servers cannot be made to fail at the right moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, MagicMock
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.records import ExtractionRecord, ExtractionStatus, FileRecord, FileState, Lease
from services.extraction.errors import TooHeavy
from services.extraction.run import Runner
from services.extraction.service import ExtractionService
from services.extraction.settings import RunSettings
from services.extraction.store import Claim, ExtractionStore


def _file(**changes: Any) -> FileRecord:
    moment = now()
    return FileRecord(
        id=uuid4(),
        app_id="app",
        agent_id="agent",
        owner="key:1",
        filename="a.txt",
        declared_type="",
        media_type="text/plain",
        sha256="0" * 64,
        state=FileState.STORED,
        created_at=moment,
        extract_requested_at=moment,
    ).model_copy(update=changes)


def _claim(file: FileRecord) -> Claim:
    lease = Lease(owner="test", token=uuid4(), until=now() + timedelta(hours=1))
    record = ExtractionRecord(
        id=file.id, sha256=file.sha256, requested_at=now(), status=ExtractionStatus.RUNNING, attempt=1, lease=lease
    )
    return Claim(record, repeated=False)


def _service(file: FileRecord, *, fails: Exception | None = None) -> tuple[ExtractionService, AsyncMock]:
    """Give the service and its store; every document succeeds at once, or ``fails``."""

    @asynccontextmanager
    async def run(_file: FileRecord, record: ExtractionRecord, *_: Any, **__: Any) -> AsyncIterator[ExtractionRecord]:
        if fails:
            raise fails
        yield record

    store = AsyncMock(spec=ExtractionStore)
    store.find_file.return_value = file
    store.claim.return_value = _claim(file)
    publisher = AsyncMock(spec=Publisher)
    return ExtractionService(store, MagicMock(spec=Runner, run=run), publisher, RunSettings()), store


async def test_a_run_is_given_back_only_when_nothing_writes_to_it_any_more() -> None:
    file = _file()
    service, store = _service(file)
    order: list[str] = []

    async def finish(*_: object) -> bool:
        await asyncio.sleep(0.02)
        order.append("finished")
        return True

    async def release(*_: object, **__: object) -> None:
        order.append("released")

    store.find_file.side_effect = [file, AutoReconnect("primary gone")]
    store.finish.side_effect, store.release.side_effect = finish, release
    with pytest.raises(AutoReconnect):
        await service.extract(extraction_job(file), correlation_id="test")
    assert order == ["finished", "released"]


@pytest.mark.parametrize(
    ("size_bytes", "fails"), [(RunSettings().heavy_size_bytes + 1, None), (1, TooHeavy())], ids=["size", "effort"]
)
async def test_every_move_to_the_heavy_queue_is_counted_once(size_bytes: int, fails: Exception | None) -> None:
    file = _file(size_bytes=size_bytes)
    service, _ = _service(file, fails=fails)
    before = _counted("heavy"), _counted("handed_back")
    await service.extract(extraction_job(file), correlation_id="test")
    assert (_counted("heavy"), _counted("handed_back")) == (before[0] + 1, before[1])


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("satchel_extraction_jobs_total", {"outcome": outcome}) or 0
