"""What a run leaves in its folder: secrets, the lock, the addresses."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from deploy.local.credentials import Credentials, write_private
from deploy.local.demo import DemoKeys, write_environment
from deploy.local.lock import AlreadyRunning, end, hold, holder
from deploy.local.part import Part
from deploy.local.ports import chosen_ports
from deploy.local.screen import Screen, read_status
from deploy.local.stack import Stack
from deploy.local.supervisor import State

DEMO_NAMES = [
    "BASE_URL",
    "APP_ID",
    "AGENT_ID",
    "API_KEY",
    "OTHER_API_KEY",
    "USERNAME",
    "PASSWORD",
    "S3_ENDPOINT",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "S3_BUCKET",
    "MODEL_BASE_URL",
    "GATEWAY_INTERNAL_URL",
    "STORAGE_INTERNAL_URL",
    "EXTRACTION_INTERNAL_URL",
    "AMQP_URL",
    "MONGO_URL",
    "RUN_PID",
]


def stack(folder: Path, **fields: dict[str, str]) -> Stack:
    return Stack(folder, chosen_ports({}), Credentials(), **fields)


def test_secrets_are_made_once_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = Credentials.kept_in(path)
    assert Credentials.kept_in(path) == first
    assert Credentials() != first
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_an_older_run_did_not_know_is_added_to_those_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    write_private(path, json.dumps({"amqp_password": "kept"}))
    grown = Credentials.kept_in(path)
    assert grown.amqp_password == "kept"
    assert Credentials.kept_in(path) == grown


def test_a_shell_can_source_the_addresses(tmp_path: Path) -> None:
    path = tmp_path / "demo.env"
    local = stack(tmp_path)
    write_environment(path, local, DemoKeys("sk-1", "sk-2"))
    script = f". {path}; for name in {' '.join(DEMO_NAMES)}; do eval echo \\$$name; done"
    lines = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout.splitlines()
    values = dict(zip(DEMO_NAMES, lines, strict=True))
    assert values["BASE_URL"] == "http://127.0.0.1:8080"
    assert (values["API_KEY"], values["OTHER_API_KEY"]) == ("sk-1", "sk-2")
    assert values["S3_SECRET_KEY"] == local.credentials.s3_secret_key
    assert values["RUN_PID"] == str(os.getpid())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_stack_in_one_folder_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert holder(lock) is None
    with hold(lock):
        assert holder(lock) == os.getpid()
        with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\); `make stop`"), hold(lock):
            pass
    assert holder(lock) is None
    assert end(lock) is False


def test_stopping_waits_for_the_holder_to_end(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = (
        "import signal, sys, time; from pathlib import Path; from deploy.local.lock import hold\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit(0)))\n"
        f"with hold(Path({str(lock)!r})):\n    print('held', flush=True)\n    signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert end(lock) is True
        assert holder(lock) is None
        assert process.wait(10) == 0


def test_a_setting_reaches_every_service_but_cannot_move_the_servers(tmp_path: Path) -> None:
    given = {"MAX_UPLOAD_SIZE": "5", "MONGO_URL": "mongodb://elsewhere/", "LOG_LEVEL": "DEBUG"}
    parts = {part.name: part for part in stack(tmp_path, given=given).parts()}
    for service in ("gateway", "storage", "extraction"):
        assert parts[service].environment["MAX_UPLOAD_SIZE"] == "5"
        assert parts[service].environment["MONGO_URL"] == "mongodb://127.0.0.1:27018/?replicaSet=secantus"


def test_a_model_that_runs_elsewhere_replaces_the_local_one(tmp_path: Path) -> None:
    local = stack(tmp_path, outside={"MODEL_BASE_URL": "http://elsewhere/v1"})
    assert "model" not in {part.name for part in local.parts()}
    assert local.environment()["MODEL_BASE_URL"] == "http://elsewhere/v1"
    assert "MODEL_NAME" not in local.environment()


async def ready() -> None:
    """Stand in for a check that is never made."""


class Terminal(StringIO):
    """A terminal as far as anybody asks."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


def test_a_terminal_shows_a_live_line_per_part_and_a_log_file_a_line_per_change(tmp_path: Path) -> None:
    parts = (Part("one", ("true",), ready), Part("two", ("true",), ready))
    for out, redraws in ((Terminal(), 1), (StringIO(), 0)):
        screen = Screen(parts, out, tmp_path / "status.json")
        screen(parts[0], State.STARTING, "")
        screen(parts[0], State.READY, "")
        assert out.getvalue().count("\x1b[2A") == redraws
        assert "✓ one" in out.getvalue()
    assert "✓ one" in read_status(tmp_path / "status.json")


def test_a_death_is_told_in_full(tmp_path: Path) -> None:
    out, part = StringIO(), Part("one", ("true",), ready)
    Screen([part], out, tmp_path / "status.json")(part, State.DIED, "ended with exit status 1\n    why")
    assert out.getvalue() == "one ended with exit status 1\n    why\n"
