"""How much is read at once, and for how long."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.jobs import extraction_job
from libs.contracts.records import FileRecord, FileState
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.extraction import machine
from services.extraction.machine import machine_cores, machine_memory_bytes
from services.extraction.patience import Patience
from services.extraction.settings import Capacity, RunSettings, SandboxSettings, Settings

GIB = 1 << 30
SETTINGS = Settings(
    mongo=MongoSettings(url=SecretStr("mongodb://nowhere")),
    amqp=AmqpSettings(url=SecretStr("amqp://nowhere")),
    s3=S3Settings(endpoint="http://nowhere", access_key="a", secret_key=SecretStr("s")),
    sandbox=SandboxSettings(memory_bytes=GIB),
    concurrency=5,
    heavy_concurrency=3,
)


@pytest.mark.parametrize(
    ("memory", "capacity"),
    [
        (64 * GIB, Capacity(short=5, heavy=3)),
        (8 * GIB, Capacity(short=5, heavy=3)),
        (6 * GIB, Capacity(short=3, heavy=3)),
        (4 * GIB, Capacity(short=2, heavy=2)),
        (GIB, Capacity(short=1, heavy=1)),
    ],
)
def test_no_more_children_work_at_once_than_the_memory_holds(memory: int, capacity: Capacity) -> None:
    assert SETTINGS.model_copy(update={"total_memory_bytes": memory}).capacity() == capacity


def test_the_machine_has_memory() -> None:
    assert machine_memory_bytes() > 256 << 20


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("50000 100000", 1), ("100000 100000", 1), ("250000 100000", 3), ("800000 100000", 4), ("max 100000", 4), ("", 4)],
)
def test_a_container_has_no_more_cores_than_its_quota(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(4)))
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine_cores() == 4
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert machine_cores() == cores


def test_a_container_has_no_more_memory_than_its_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("1048576\n")
    assert machine_memory_bytes() == 1 << 20


def test_ocr_pages_buy_time_until_the_longest_is_reached() -> None:
    settings = RunSettings(
        heavy_timeout=timedelta(seconds=60), ocr_page_time=timedelta(seconds=25), longest_time=timedelta(seconds=100)
    )
    patience = Patience.of(settings, heavy=True)
    assert [patience.grow() for _ in range(3)] == [25, 15, 0]
    assert patience.seconds == patience.longest == 100


@pytest.mark.parametrize("name", ["timeout", "heavy_timeout", "longest_time"])
def test_no_document_may_take_longer_than_the_broker_waits(name: str) -> None:
    RunSettings.model_validate({name: timedelta(minutes=25)})
    with pytest.raises(ValidationError):
        RunSettings.model_validate({name: timedelta(minutes=26)})


def test_a_short_document_buys_no_time() -> None:
    patience = Patience.of(RunSettings(timeout=timedelta(seconds=30)), heavy=False)
    assert (patience.grow(), patience.seconds, patience.longest) == (0, 30, 30)


def test_a_time_longer_than_the_longest_is_kept() -> None:
    settings = RunSettings(heavy_timeout=timedelta(seconds=60), longest_time=timedelta(seconds=10))
    patience = Patience.of(settings, heavy=True)
    assert (patience.grow(), patience.seconds, patience.longest) == (0, 60, 60)


def stored(media_type: str) -> FileRecord:
    """Give a file whose extraction was asked for."""
    moment = now()
    return FileRecord(
        id=uuid4(),
        app_id="app",
        agent_id="agent",
        owner="key:1",
        filename="a",
        declared_type="",
        media_type=media_type,
        sha256="0" * 64,
        state=FileState.STORED,
        created_at=moment,
        extract_requested_at=moment,
    )


@pytest.mark.parametrize(
    ("media_type", "heavy"), [("image/png", True), ("application/msword", True), ("application/pdf", False)]
)
def test_a_job_says_whose_it_is_and_whether_its_type_takes_long(media_type: str, heavy: bool) -> None:
    file = stored(media_type)
    job = extraction_job(file)
    assert (job.file_id, job.sha256, job.requested_at) == (file.id, file.sha256, file.extract_requested_at)
    assert (job.tenant, job.heavy) == ("app/key:1", heavy)


def test_a_file_that_nobody_wants_extracted_has_no_job() -> None:
    file = stored("text/plain").model_copy(update={"extract_requested_at": None})
    with pytest.raises(ValueError, match="nobody"):
        extraction_job(file)
