"""The whole service: commands in, events out, health, and a round on demand."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from deploy.local.ports import free_ports
from libs.amqp.delivery import Delivery
from libs.amqp.settings import AmqpSettings
from libs.amqp.subscriber import EventSubscriber
from libs.clock import now
from libs.contracts.messages import DeleteFiles, FilesDeleted, Message
from libs.contracts.records import FileState, Outbox
from libs.errors import DependencyUnavailable
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.storage.reconcile.rules import Outcome
from tests.support.amqp import until
from tests.support.storage import (
    LINK_KEYS,
    Remains,
    Running,
    an_order,
    condemned,
    running_storage,
    storage_settings,
)


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


@pytest.fixture
async def storage(remains: Remains) -> AsyncIterator[Running]:
    async with running_storage(remains.settings) as running:
        yield running


async def ready(running: Running) -> bool:
    async with running.http.get(f"{running.internal}/readyz") as response:
        return response.status == 200 and all((await response.json())["checks"].values())


async def test_a_command_is_carried_out_and_announced_with_its_request_id(storage: Running, remains: Remains) -> None:
    announced: list[tuple[Message, str]] = []

    async def listen(delivery: Delivery) -> None:
        announced.append((delivery.message, delivery.correlation_id))

    subscriber = EventSubscriber(remains.settings.amqp, listen, ["files.deleted"])
    await subscriber.start()
    try:
        await until(subscriber.healthy)
        await until(lambda: ready(storage))
        order = an_order()
        file = await remains.stored(**condemned(order))
        await remains.publisher.publish(DeleteFiles(deletion_id=order.id), correlation_id="req-7")

        async def heard() -> bool:
            return bool(announced)

        await until(heard)
        assert announced == [(FilesDeleted(deletion_id=order.id), "req-7")]
        assert await remains.find(file.id) is None
        assert await remains.keys() == []
    finally:
        await subscriber.stop()


async def test_a_command_outlives_an_outage_in_the_middle(storage: Running, remains: Remains) -> None:
    order = an_order()
    await remains.stored(**condemned(order))
    real, failures = storage.context.objects.delete, iter([True])

    async def fail_once(key: str) -> None:
        if next(failures, False):
            raise DependencyUnavailable("object store")
        await real(key)

    storage.context.objects.delete = fail_once  # type: ignore[method-assign] # an outage at a chosen moment
    await remains.publisher.publish(DeleteFiles(deletion_id=order.id), correlation_id="req")

    async def gone() -> bool:
        return await remains.count("files") == 0

    await until(gone)
    assert await remains.keys() == []


async def test_a_round_runs_on_demand_on_the_internal_port_only(storage: Running, remains: Remains) -> None:
    await remains.stored(outbox=Outbox(next_at=now(), request_id="req"))
    await until(lambda: ready(storage))
    async with storage.http.post(f"{storage.internal}/reconcile") as response:
        report = await response.json()
    assert response.status == 200
    assert report["failed"] == []
    assert set(report["counts"]) == set(Outcome)
    assert report["counts"]["jobs_published"] == 1
    async with storage.http.post(f"{storage.public}/reconcile") as response:
        assert response.status == 404


async def test_rounds_on_demand_take_turns(storage: Running, remains: Remains) -> None:
    for _ in range(20):
        await remains.file(state=FileState.RECEIVING, receive_until=now())

    async def condemned_now() -> int:
        async with storage.http.post(f"{storage.internal}/reconcile") as response:
            return int((await response.json())["counts"]["uploads_condemned"])

    assert sorted(await asyncio.gather(*(condemned_now() for _ in range(4)))) == [0, 0, 0, 20]


async def test_the_loop_runs_rounds_by_itself(remains: Remains) -> None:
    file = await remains.stored(outbox=Outbox(next_at=now(), request_id="req"))
    patience = remains.settings.reconcile.model_copy(update={"reconcile_period": timedelta(milliseconds=200)})
    async with running_storage(remains.settings.model_copy(update={"reconcile": patience})):

        async def emptied() -> bool:
            found = await remains.find(file.id)
            return found is not None and found.outbox is None

        await until(emptied)


async def test_without_a_broker_links_work_and_storage_is_ready(remains: Remains) -> None:
    ports = free_ports()
    nowhere = remains.settings.amqp.model_copy(
        update={"url": type(remains.settings.amqp.url)(f"amqp://127.0.0.1:{ports['AMQP_PORT']}/")}
    )
    async with running_storage(remains.settings.model_copy(update={"amqp": nowhere})) as running:
        link = running.link(await remains.stored())
        async with running.http.get(link) as response:
            assert response.status == 200

        async def answers() -> bool:
            async with running.http.get(f"{running.internal}/readyz") as response:
                return response.status == 200

        await until(answers)


async def test_without_an_object_store_a_link_says_so_and_asks_to_repeat(remains: Remains) -> None:
    endpoint = f"http://127.0.0.1:{free_ports()['S3_PORT']}"
    s3 = remains.settings.s3.model_copy(update={"endpoint": endpoint})
    file = await remains.stored()
    async with running_storage(remains.settings.model_copy(update={"s3": s3})) as running:
        async with running.http.get(running.link(file)) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
        async with running.http.post(f"{running.internal}/reconcile") as response:
            assert "custody" in (await response.json())["failed"]


def environment(remains: Remains, **changes: str) -> dict[str, str]:
    """Give what the process is started with; its two ports are free."""
    settings, ports = remains.settings, free_ports()
    return {
        **os.environ,
        "MONGO_URL": settings.mongo.url.get_secret_value(),
        "MONGO_DATABASE": settings.mongo.database,
        "AMQP_URL": settings.amqp.url.get_secret_value(),
        "S3_ENDPOINT": settings.s3.endpoint,
        "S3_ACCESS_KEY": settings.s3.access_key,
        "S3_SECRET_KEY": settings.s3.secret_key.get_secret_value(),
        "S3_BUCKET": settings.s3.bucket,
        "LINK_KEYS": LINK_KEYS,
        "PUBLIC_LINK_URL": "http://127.0.0.1:1",
        "STORAGE_PORT": str(ports["STORAGE_PORT"]),
        "STORAGE_INTERNAL_PORT": str(ports["STORAGE_INTERNAL_PORT"]),
        "STORAGE_RECONCILE_PERIOD": "0.5",
        "STORAGE_QUARANTINE": "PT24H",
        "RECEIVE_DEADLINE": "900",
        **changes,
    }


async def test_the_process_starts_from_its_environment_and_stops_on_sigterm(remains: Remains) -> None:
    env = environment(remains)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.storage", env=env)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{env['STORAGE_INTERNAL_PORT']}") as http:

            async def is_ready() -> bool:
                try:
                    async with http.get("/readyz") as response:
                        return response.status == 200
                except aiohttp.ClientConnectionError:
                    return False

            await until(is_ready)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [({"LINK_KEYS": "k:short"}, b"less than 32 bytes"), ({"LINK_LIFETIME": "P31D"}, b"30 days")],
)
async def test_what_would_weaken_links_stops_the_process_at_once(
    remains: Remains, flaw: dict[str, str], reason: bytes
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.storage", env=environment(remains, **flaw), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode != 0
    assert reason in errors
    assert b"short" not in errors
