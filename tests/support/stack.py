"""The three services as real processes: one stack shared by the session, or a private one to break.

Periods that production counts in minutes are seconds here, so that a test sees the reconciler at work.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from deploy.local.credentials import Credentials
from deploy.local.demo import AGENT, APP, DemoKeys, demo_keys
from deploy.local.ports import free_ports
from deploy.local.stack import INTERNAL_PORTS
from deploy.local.stack import Stack as LocalStack
from deploy.local.supervisor import Supervisor
from tests.support.servers import STACK_VHOST, Servers, report_deaths

IMPATIENT: Mapping[str, str] = {
    "STORAGE_RECONCILE_PERIOD": "1",
    "STORAGE_REDISPATCH_AFTER": "3",
    "STORAGE_LEASE_GRACE": "1",
    "STORAGE_ORDER_GRACE": "2",
    "EXTRACTION_LEASE": "5",
    "EXTRACTION_HEARTBEAT": "1",
    "AMQP_HEARTBEAT": "2",
    "AMQP_RECONNECT_DELAY_MAX": "1",
}


@dataclass(frozen=True)
class Stack:
    """A running stack as its clients see it, and the means to break it."""

    local: LocalStack
    keys: DemoKeys
    supervisor: Supervisor
    app_id: str = APP
    agent_id: str = AGENT
    internal_urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """The gateway's public address."""
        return self.local.base_url

    @property
    def storage_url(self) -> str:
        """The address that download links point to."""
        return self.local.storage_url

    @property
    def api_key(self) -> str:
        """A key to the demo agent."""
        return self.keys.api_key

    @property
    def other_api_key(self) -> str:
        """Another principal's key to the same agent."""
        return self.keys.other_api_key

    @property
    def env(self) -> dict[str, str]:
        """Everything the services were told: database, broker and bucket can be looked into with it."""
        return self.local.environment()

    def pid(self, name: str) -> int | None:
        """Give the process id of a part, ``None`` while it does not run."""
        process = self.supervisor.process(name)
        return process.pid if process else None

    async def kill(self, name: str) -> None:
        """End a part by SIGKILL; it stays dead until ``start``."""
        await self.supervisor.halt(name, gently=False)

    async def stop(self, name: str) -> None:
        """End a part by SIGTERM, as a deployment would; it stays away until ``start``."""
        await self.supervisor.halt(name)

    async def start(self, name: str) -> None:
        """Start a part that was ended and wait until it is ready."""
        await self.supervisor.resume(name)

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """Suspend a part and everything it started inside the block: it keeps its connections and answers nothing."""
        group = self.pid(name)
        assert group is not None, f"{name} does not run"
        os.killpg(group, signal.SIGSTOP)
        try:
            while _thread_states(group) != {"T"}:  # noqa: ASYNC110 - on a busy machine some run on for a while
                await asyncio.sleep(0.01)
            yield
        finally:
            os.killpg(group, signal.SIGCONT)


def _thread_states(pid: int) -> set[str]:
    """Give the states of a process's threads as in proc(5); T is stopped."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return {thread.read_text().rpartition(")")[2].split()[0] for thread in threads}


@asynccontextmanager
async def open_stack(folder: Path, given: Mapping[str, str], outside: Mapping[str, str]) -> AsyncIterator[Stack]:
    """Start the services and those servers that do not run ``outside``; ``PartFailed`` carries a failed one's log."""
    local = LocalStack(folder, free_ports(), Credentials(), {**IMPATIENT, **given}, outside)
    supervisor = Supervisor(local.parts(), local.logs, report_deaths)
    try:
        await supervisor.start()
        internal = {service: local.internal_url(service) for service in INTERNAL_PORTS}
        yield Stack(local, await demo_keys(local), supervisor, internal_urls=internal)
    finally:
        await supervisor.stop()


@asynccontextmanager
async def fresh_stack(folder: Path, **given: str) -> AsyncIterator[Stack]:
    """Start a whole stack, servers included, that nobody else uses; ``given`` are settings as in the environment.

    Its parts are named as in ``deploy.local``: rabbitmq, mongodb, objects, model, gateway, storage, extraction.
    """
    async with open_stack(folder, given, {}) as stack:
        yield stack


@asynccontextmanager
async def shared_stack(folder: Path, servers: Servers) -> AsyncIterator[Stack]:
    """Start the services on the session's servers, in a database, bucket and virtual host of their own.

    A broker named by ``TEST_AMQP_URL`` gets no virtual host from here; ``TEST_AMQP_STACK_URL`` names one there.
    """
    amqp = urlsplit(servers.amqp.url.get_secret_value())._replace(path=f"/{STACK_VHOST}").geturl()
    outside = {
        "AMQP_URL": os.environ.get("TEST_AMQP_STACK_URL") or amqp,
        "MODEL_BASE_URL": servers.model_url,
        "MONGO_DATABASE": f"stack_{uuid4().hex[:12]}",
        "MONGO_URL": servers.mongo.url.get_secret_value(),
        "S3_ACCESS_KEY": servers.s3.access_key,
        "S3_BUCKET": f"stack-{uuid4().hex[:12]}",
        "S3_ENDPOINT": servers.s3.endpoint,
        "S3_SECRET_KEY": servers.s3.secret_key.get_secret_value(),
    }
    async with open_stack(folder, {}, outside) as stack:
        yield stack
