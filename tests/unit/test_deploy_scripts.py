"""The two programs that a deployment runs besides the services: ``make-env`` and the containers' health check."""

import re
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout in which ``make-env`` has been run."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/make-env", tmp_path / "deploy")
    shutil.copy(ROOT / ".env.example", tmp_path)
    subprocess.run([tmp_path / "deploy/make-env"], check=True, capture_output=True)
    return tmp_path


def values(path: Path) -> dict[str, str]:
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_is_fresh_and_none_is_like_another(checkout: Path) -> None:
    example, made = values(checkout / ".env.example"), values(checkout / ".env")
    secrets = [made[name] for name, value in example.items() if value.endswith("<random>")]

    assert len(secrets) >= 5
    assert len({secret[-64:] for secret in secrets}) == len(secrets)
    assert all(re.fullmatch(r"(k1:)?[0-9a-f]{64}", secret) for secret in secrets)


def test_nobody_else_on_the_machine_can_read_the_secrets(checkout: Path) -> None:
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600


def test_an_existing_env_file_is_left_alone(checkout: Path) -> None:
    before = (checkout / ".env").read_bytes()

    subprocess.run([checkout / "deploy/make-env"], check=True, capture_output=True)

    assert (checkout / ".env").read_bytes() == before


def test_the_made_env_file_sets_everything_compose_insists_on(checkout: Path) -> None:
    insisted = set(re.findall(r"(?<!\$)\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))

    assert insisted
    assert {name for name in insisted if values(checkout / ".env").get(name)} == insisted


class _Health(BaseHTTPRequestHandler):
    """Answers with the status its server was told."""

    def do_GET(self) -> None:
        """Answer any path."""
        self.send_response(self.server.status)  # type: ignore[attr-defined]  # set by the fixture
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def exit_status(port: int) -> int:
    command: list[str | Path] = [sys.executable, ROOT / "deploy/healthcheck.py", "GATEWAY_INTERNAL_PORT"]
    return subprocess.run(
        command, env={"GATEWAY_INTERNAL_PORT": str(port)}, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_the_health_check_tells_a_healthy_service_from_a_sick_one(
    service: HTTPServer, status: int, expected: int
) -> None:
    service.status = status  # type: ignore[attr-defined]  # read by the handler

    assert exit_status(service.server_port) == expected


def test_the_health_check_fails_when_nothing_listens(service: HTTPServer) -> None:
    port = service.server_port
    service.server_close()

    assert exit_status(port) == 1
