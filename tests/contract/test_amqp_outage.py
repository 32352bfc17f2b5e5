"""A broker that is killed, restarted or stuck: a node of this module's own, so that no other test loses its broker."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aio_pika
import pytest
from pydantic import SecretStr

from deploy.local import servers as local
from deploy.local.checks import NOT_YET
from deploy.local.credentials import Credentials
from deploy.local.part import Part
from deploy.local.ports import free_ports
from deploy.local.process import PartProcess
from libs.amqp.consumer import Consumer
from libs.amqp.delivery import Delivery
from libs.amqp.envelope import Envelope
from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.amqp.topology import QUEUES
from libs.contracts.messages import ExtractFile
from libs.errors import DependencyUnavailable
from tests.support.amqp import FILES_QUEUE, a_job, empty_broker, impatient, next_in, until

pytestmark = pytest.mark.skipif(
    not Path(local.RABBITMQ).exists(), reason="kills a RabbitMQ node, and none is installed"
)


def states_of_threads(pid: int) -> set[str]:
    """Give the states as in proc(5); T is stopped."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return {thread.read_text().rpartition(")")[2].split()[0] for thread in threads}


class Node:
    """A broker to be mistreated."""

    def __init__(self, part: Part, folder: Path, settings: AmqpSettings) -> None:
        self.settings = settings
        self._part = part
        self._folder = folder
        self._log = folder.with_suffix(".log")
        self._process: PartProcess | None = None

    async def start(self) -> None:
        """Start, or start again on the same data, and wait until it answers."""
        self._process = await PartProcess.start(self._part, self._log)
        await until(self.ready)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    @asynccontextmanager
    async def stuck(self) -> AsyncIterator[None]:
        """Let it neither answer nor hang up for the length of the block."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            await until(self._stands_still)
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    async def _stands_still(self) -> bool:
        """Whether every thread has stopped: on a busy machine some run on for a while after the signal was sent."""
        assert self._process is not None
        return states_of_threads(self._process.pid) == {"T"}

    async def has_registered_queues(self) -> bool:
        """Whether every queue's name is on disk.

        RabbitMQ writes them up to a second after a queue was first created. Killed in that second, it takes the queue
        for a new member and never elects a leader (measured on 3.10.8; like rabbitmq-server#15725).
        """
        on_disk = b"".join(path.read_bytes() for path in self._folder.glob("db/*/quorum/*/names.dets"))
        return all(queue.name.encode() in on_disk for queue in QUEUES)

    async def ready(self) -> bool:
        """Whether it answers."""
        try:
            await self._part.ready()
        except NOT_YET:
            return False
        return True


@pytest.fixture(scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Node]:
    """Give a node that does not run yet, and end whatever runs of it."""
    folder, ports, credentials = tmp_path_factory.mktemp("node"), free_ports(), Credentials()
    settings = impatient(AmqpSettings(url=SecretStr(local.amqp_url(ports, credentials))))
    names = await PartProcess.start(local.epmd(ports), folder / "epmd.log")
    node = Node(local.rabbitmq(folder / "rabbitmq", ports, credentials), folder / "rabbitmq", settings)
    try:
        yield node
    finally:
        await node.kill()
        await names.stop()


@pytest.fixture
async def running(node: Node) -> Node:
    """Give the node, running and empty."""
    if not await node.ready():
        await node.start()
    async with empty_broker(node.settings):
        await until(node.has_registered_queues)
    return node


class Worker:
    """A handler that waits for permission to end, and counts its deliveries."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.ended = 0
        self.may_end = asyncio.Event()

    async def __call__(self, delivery: Delivery) -> None:
        """Take note of the delivery, wait, take note of the end."""
        self.deliveries.append(delivery)
        await self.may_end.wait()
        self.ended += 1

    async def has_begun(self, count: int) -> bool:
        """Whether that many deliveries have come."""
        return len(self.deliveries) >= count

    async def has_begun_with(self, job: ExtractFile) -> bool:
        """Whether this job was among them."""
        return any(delivery.message == job for delivery in self.deliveries)

    async def has_ended(self, count: int) -> bool:
        """Whether that many were handled to the end."""
        return self.ended >= count


async def _acknowledged(settings: AmqpSettings) -> bool:
    """Whether nothing is left in the queue: neither waiting nor, because nobody consumes, with a consumer."""
    async with await aio_pika.connect(settings.url.get_secret_value()) as connection:
        queue = await (await connection.channel()).get_queue(FILES_QUEUE.name, ensure=False)
        return await queue.get(fail=False) is None


async def _unhealthy(part: Publisher | Consumer) -> bool:
    return not await part.healthy()


async def test_a_process_started_before_its_broker_works_once_the_broker_is_there(node: Node) -> None:
    worker = Worker()
    worker.may_end.set()
    consumer = Consumer(node.settings, [FILES_QUEUE], worker, slots=1, name="test")
    async with Publisher.open(node.settings) as publisher:
        await consumer.start()
        try:
            with pytest.raises(DependencyUnavailable):
                await publisher.publish(a_job(), correlation_id="")
            await node.start()
            await until(publisher.healthy)
            await publisher.publish(a_job(), correlation_id="")
            await until(lambda: worker.has_ended(1))
        finally:
            await consumer.stop()


async def test_a_kill_loses_no_confirmed_job_and_delivers_unfinished_ones_again(running: Node) -> None:
    worker, job = Worker(), a_job()
    consumer = Consumer(running.settings, [FILES_QUEUE], worker, slots=2, name="test")
    async with Publisher.open(running.settings) as publisher:
        await until(publisher.healthy)
        await consumer.start()
        try:
            await publisher.publish(job, correlation_id="")
            await until(lambda: worker.has_begun(1))
            await running.kill()
            await until(lambda: _unhealthy(consumer))
            worker.may_end.set()
            await until(lambda: worker.has_ended(1))
            await running.start()
            await until(lambda: worker.has_ended(2))
            await until(consumer.healthy)
        finally:
            await consumer.stop()
    assert [delivery.message for delivery in worker.deliveries] == [job, job]
    assert [delivery.redelivered for delivery in worker.deliveries] == [False, True]
    assert await _acknowledged(running.settings)


async def test_publishers_waiting_when_the_broker_is_killed_are_told_and_none_is_told_wrong(running: Node) -> None:
    """Whatever was confirmed must be read afterwards, whatever else may be.

    Read, not counted: after a recovery the broker's own count of a quorum queue lags far behind for a while.
    """
    confirmed: set[UUID] = set()
    failed: set[UUID] = set()

    async def publish_until_failure(publisher: Publisher) -> None:
        while True:
            job = a_job()
            try:
                await publisher.publish(job, correlation_id="")
            except DependencyUnavailable:
                failed.add(job.file_id)
                return
            confirmed.add(job.file_id)

    async def some_confirmed() -> bool:
        return len(confirmed) > 200

    async with Publisher.open(running.settings) as publisher:
        await until(publisher.healthy)
        tasks = [asyncio.create_task(publish_until_failure(publisher)) for _ in range(20)]
        await until(some_confirmed)
        await running.kill()
        await asyncio.gather(*tasks)
        await running.start()
        await until(publisher.healthy)
    assert len(failed) == 20
    read: set[UUID] = set()
    async with await aio_pika.connect(running.settings.url.get_secret_value()) as connection:
        channel = await connection.channel()
        while not confirmed <= read:
            job = Envelope.decode((await next_in(channel, FILES_QUEUE.name)).body).unwrap()
            assert isinstance(job, ExtractFile)
            read.add(job.file_id)
    assert read <= confirmed | failed


async def test_a_stuck_broker_costs_a_publisher_its_timeout_and_no_more(running: Node) -> None:
    settings = running.settings.model_copy(
        update={"publish_timeout": timedelta(milliseconds=200), "heartbeat": timedelta(hours=1)}
    )
    async with Publisher.open(settings) as publisher:
        await until(publisher.healthy)
        async with running.stuck():
            with pytest.raises(DependencyUnavailable):
                await publisher.publish(a_job(), correlation_id="")
        await publisher.publish(a_job(), correlation_id="")


async def test_a_connection_given_up_as_stuck_tells_its_publishers_and_is_replaced(running: Node) -> None:
    """The publish would wait an hour; what ends it is the check."""
    patient = running.settings.model_copy(update={"publish_timeout": timedelta(hours=1)})
    worker = Worker()
    worker.may_end.set()
    consumer = Consumer(running.settings, [FILES_QUEUE], worker, slots=1, name="test")
    await consumer.start()
    try:
        async with Publisher.open(patient) as publisher:
            await until(publisher.healthy)
            await until(consumer.healthy)
            async with running.stuck():
                with pytest.raises(DependencyUnavailable):
                    await publisher.publish(a_job(), correlation_id="")
                await until(lambda: _unhealthy(consumer))
            await until(publisher.healthy)
            await until(consumer.healthy)
            job = a_job()
            await publisher.publish(job, correlation_id="")
            await until(lambda: worker.has_begun_with(job))
    finally:
        await consumer.stop()


async def test_the_drivers_own_verdict_on_a_stuck_connection_is_no_cancellation_of_ours(running: Node) -> None:
    """Nothing of ours ends the publish here: aiormq does, after three heartbeats, and it says ``CancelledError``."""
    hour = timedelta(hours=1)
    patient = running.settings.model_copy(update={"publish_timeout": hour, "check_timeout": hour})
    async with Publisher.open(patient) as publisher:
        await until(publisher.healthy)
        async with running.stuck():
            with pytest.raises(DependencyUnavailable) as told:
                await publisher.publish(a_job(), correlation_id="")
        assert isinstance(told.value.__cause__, asyncio.CancelledError)
        await until(publisher.healthy)
        await publisher.publish(a_job(), correlation_id="")
