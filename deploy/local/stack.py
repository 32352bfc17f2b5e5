"""The whole stack as data: which parts there are, where they listen, and what the services are told."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from deploy.local import checks, servers
from deploy.local.credentials import Credentials
from deploy.local.model import NAME as MODEL_NAME
from deploy.local.part import Part
from deploy.local.ports import LOOPBACK
from deploy.local.process import ROOT

SERVICE_GRACE = timedelta(seconds=40)
"""Longer than the services' own grace for open requests (30 s)."""
RECONNECT_SECONDS = "1"
"""The broker is the last to come up; services that looked for it every few seconds would be late as well."""
INTERNAL_PORTS = {
    "gateway": "GATEWAY_INTERNAL_PORT",
    "storage": "STORAGE_INTERNAL_PORT",
    "extraction": "EXTRACTION_INTERNAL_PORT",
}


@dataclass(frozen=True)
class Stack:
    """One stack: its folder for data and logs, its ports, its secrets, and the settings its user gave.

    ``outside`` holds the addresses (``MODEL_BASE_URL``, ``MONGO_URL``, ``AMQP_URL``, ``S3_…``) of servers that run
    elsewhere; the stack has no part for those.
    """

    folder: Path
    ports: Mapping[str, int]
    credentials: Credentials
    given: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """The gateway's public address."""
        return f"http://{LOOPBACK}:{self.ports['GATEWAY_PORT']}"

    @property
    def storage_url(self) -> str:
        """The address that download links point to."""
        return f"http://{LOOPBACK}:{self.ports['STORAGE_PORT']}"

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs."""
        return self.folder / "log"

    @property
    def model_url(self) -> str:
        """The model's address, ``/v1`` included."""
        return self.outside.get("MODEL_BASE_URL") or servers.model_url(self.ports)

    def internal_url(self, service: str) -> str:
        """Give the address of a service's probes and metrics."""
        return f"http://{LOOPBACK}:{self.ports[INTERNAL_PORTS[service]]}"

    def environment(self) -> dict[str, str]:
        """Everything the services are told. What was given wins, except over the addresses of this stack's parts."""
        return {
            "AMQP_RECONNECT_DELAY_MAX": RECONNECT_SECONDS,
            "AGENTS_FILE": str(ROOT / "agents.yaml"),
            "LINK_KEYS": self.credentials.link_keys,
            **({} if "MODEL_BASE_URL" in self.outside else {"MODEL_NAME": MODEL_NAME}),
            "PUBLIC_LINK_URL": self.storage_url,
            "PYTHONUNBUFFERED": "1",
            "TMP_BASE_FOLDER": str(self._data("tmp")),
            **self.given,
            "AMQP_URL": servers.amqp_url(self.ports, self.credentials),
            "MODEL_BASE_URL": self.model_url,
            "MONGO_URL": servers.mongo_url(self.ports),
            "S3_ACCESS_KEY": self.credentials.s3_access_key,
            "S3_BUCKET": servers.BUCKET,
            "S3_ENDPOINT": servers.s3_endpoint(self.ports),
            "S3_SECRET_KEY": self.credentials.s3_secret_key,
            **{variable: str(number) for variable, number in self.ports.items()},
            **self.outside,
        }

    def parts(self) -> tuple[Part, ...]:
        """Give every part; the slowest to start stands first."""
        underneath = tuple(self._servers())
        return (*underneath, *(self._service(name, underneath) for name in INTERNAL_PORTS))

    def _servers(self) -> Iterator[Part]:
        if "AMQP_URL" not in self.outside:
            yield servers.epmd(self.ports)
            yield servers.rabbitmq(self._data("rabbitmq"), self.ports, self.credentials)
        if "MONGO_URL" not in self.outside:
            yield servers.mongodb(self._data("mongodb"), self.ports)
        if "S3_ENDPOINT" not in self.outside:
            yield servers.objects(self._data("objects"), self.ports, self.credentials)
        if "MODEL_BASE_URL" not in self.outside:
            yield servers.model(self.ports)

    def _service(self, name: str, underneath: tuple[Part, ...]) -> Part:
        """Describe a service: it waits for its servers by itself, so it starts at once."""
        return Part(
            name,
            (sys.executable, "-m", f"services.{name}"),
            checks.http_answers(f"{self.internal_url(name)}/readyz"),
            environment=self.environment(),
            uses=frozenset(part.name for part in underneath),
            folders=(self._data("tmp"),),
            grace=SERVICE_GRACE,
        )

    def _data(self, name: str) -> Path:
        return self.folder / "data" / name
