"""The real servers that tests run against, each started at most once per session and only when a test asks for it.

In this order: an address in ``TEST_MONGO_URL``, ``TEST_AMQP_URL``, ``TEST_S3_URL`` (with ``TEST_S3_ACCESS_KEY`` and
``TEST_S3_SECRET_KEY``) or ``TEST_MODEL_URL``; a container where a Docker engine answers; the local stack's own part on
free ports in a temporary folder. The chat model has no container: it is the local one.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from deploy.local import servers as local
from deploy.local.credentials import Credentials
from deploy.local.part import Part
from deploy.local.ports import free_ports
from deploy.local.supervisor import State, Supervisor
from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from tests.support import containers

STACK_VHOST = "stack"
"""Where the session's services work, while tests of single modules declare and delete queues on the default one."""


@dataclass(frozen=True)
class Servers:
    """Where every server of this session listens."""

    mongo: MongoSettings
    amqp: AmqpSettings
    s3: S3Settings
    model_url: str


class ServerRoom:
    """Starts servers on demand and remembers them; everything ends with ``open``'s block."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._ports = free_ports()
        self._credentials = Credentials()

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        """Yield an empty room; ``folder`` takes data and logs."""
        async with AsyncExitStack() as stack:
            yield cls(folder, stack)

    async def mongo(self) -> MongoSettings:
        """Give a MongoDB replica set, for transactions and change streams."""
        url = os.environ.get("TEST_MONGO_URL") or await self._container(containers.mongo)
        if not url:
            await self._start(local.mongodb(self._folder / "mongodb", self._ports))
            url = local.mongo_url(self._ports)
        return MongoSettings(url=SecretStr(url))

    async def amqp(self) -> AmqpSettings:
        """Give a RabbitMQ node; beside the virtual host in its address there is one named ``STACK_VHOST``."""
        url = os.environ.get("TEST_AMQP_URL") or await self._container(lambda: containers.rabbitmq(STACK_VHOST))
        if not url:
            broker = local.rabbitmq(self._folder / "rabbitmq", self._ports, self._credentials, (STACK_VHOST,))
            await self._start(local.epmd(self._ports), broker)
            url = local.amqp_url(self._ports, self._credentials)
        return AmqpSettings(url=SecretStr(url))

    async def s3(self) -> S3Settings:
        """Give an S3 server."""
        endpoint = os.environ.get("TEST_S3_URL")
        access, secret = os.environ.get("TEST_S3_ACCESS_KEY", ""), os.environ.get("TEST_S3_SECRET_KEY", "")
        if not endpoint:
            access, secret = self._credentials.s3_access_key, self._credentials.s3_secret_key
            endpoint = await self._container(lambda: containers.minio(access, secret))
        if not endpoint:
            await self._start(local.objects(self._folder / "objects", self._ports, self._credentials))
            endpoint = local.s3_endpoint(self._ports)
        return S3Settings(endpoint=endpoint, access_key=access, secret_key=SecretStr(secret))

    async def model_url(self) -> str:
        """Give an OpenAI-compatible endpoint's base address, ``/v1`` included."""
        url = os.environ.get("TEST_MODEL_URL")
        if not url:
            await self._start(local.model(self._ports))
            url = local.model_url(self._ports)
        return url

    async def _start(self, *parts: Part) -> None:
        """Start parts of the local stack; ``PartFailed`` carries the end of a failed one's log.

        They are killed in the end: nobody reads their data again.
        """
        supervisor = Supervisor(parts, self._folder / "log", report_deaths)
        self._stack.push_async_callback(supervisor.stop, gently=False)
        await supervisor.start()

    async def _container(self, start: Callable[[], containers.Container]) -> str | None:
        """Start a container and give its address; ``None`` where no Docker engine answers."""
        if not await asyncio.to_thread(containers.engine_answers):
            return None
        container = start()
        self._stack.push_async_callback(asyncio.to_thread, container.stop)
        return await asyncio.to_thread(container.start)


def report_deaths(part: Part, state: State, detail: str) -> None:
    """Say on the terminal what a test's server died of."""
    if state is State.DIED:
        print(f"\n{part.name} {detail}")
