"""The same servers as containers, where a Docker engine answers."""

import functools
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

RABBITMQ_IMAGE = "rabbitmq:4"
MONGO_IMAGE = "mongo:8"
MINIO_IMAGE = "pgsty/minio"
START_SECONDS = 60
ENGINE_SECONDS = 2
INITIATE = "try { rs.status() } catch { rs.initiate({_id: 'rs0', members: [{_id: 0, host: 'localhost:27017'}]}) }"
ELECTED = "while (!db.hello().isWritablePrimary) { sleep(100) }"


@dataclass(frozen=True)
class Container:
    """A container and what to do once it runs; ``start`` gives the server's address."""

    container: DockerContainer
    up: Callable[[DockerContainer], str]

    def start(self) -> str:
        """Start it and wait until it serves."""
        self.container.start()
        return self.up(self.container)

    def stop(self) -> None:
        """Stop and remove it."""
        self.container.stop()


@functools.cache
def engine_answers() -> bool:
    """Ask once per session whether a Docker engine listens where the client would look for it.

    By a plain connection: the client itself leaks a socket when it is refused, and warnings are errors here.
    """
    host = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    unix = host.scheme == "unix"
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
        probe.settimeout(ENGINE_SECONDS)
        try:
            probe.connect(host.path if unix else (host.hostname, host.port or 2375))
        except OSError:
            return False
    return True


def rabbitmq(vhost: str) -> Container:
    """Give RabbitMQ with its default user and one more virtual host."""

    def up(container: DockerContainer) -> str:
        wait_for_logs(container, "Server startup complete", START_SECONDS)
        _run(container, "rabbitmqctl", "add_vhost", vhost)
        _run(container, "rabbitmqctl", "set_permissions", "--vhost", vhost, "guest", ".*", ".*", ".*")
        return f"amqp://{_address(container, 5672)}/"

    return Container(DockerContainer(RABBITMQ_IMAGE).with_exposed_ports(5672), up)


def mongo() -> Container:
    """Give MongoDB as a replica set of one member, which transactions and retryable writes need."""

    def up(container: DockerContainer) -> str:
        wait_for_logs(container, "Waiting for connections", START_SECONDS)
        for script in (INITIATE, ELECTED):
            _run(container, "mongosh", "--quiet", "--eval", script)
        return f"mongodb://{_address(container, 27017)}/?directConnection=true"

    return Container(DockerContainer(MONGO_IMAGE).with_command("--replSet rs0").with_exposed_ports(27017), up)


def minio(access_key: str, secret_key: str) -> Container:
    """Give MinIO's community fork with these credentials."""

    def up(container: DockerContainer) -> str:
        wait_for_logs(container, "API:", START_SECONDS)
        return f"http://{_address(container, 9000)}"

    container = DockerContainer(MINIO_IMAGE).with_command("server /data").with_exposed_ports(9000)
    return Container(container.with_env("MINIO_ROOT_USER", access_key).with_env("MINIO_ROOT_PASSWORD", secret_key), up)


def _address(container: DockerContainer, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _run(container: DockerContainer, *command: str) -> None:
    """Run a command inside; raises ``RuntimeError`` with its output when it fails."""
    status, output = container.exec(list(command))
    if status:
        raise RuntimeError(output.decode(errors="replace"))
