"""The wall around children: what misbehaving extractors can do, which is nothing to anybody else."""

import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from libs.errors import DependencyUnavailable
from services.extraction.content import ErrorCode, Limits, Warn
from services.extraction.protocol import SOURCE_NAME, Begun, Exit, Finding, InForce, PageReport, WarningReport
from services.extraction.reading import _code_of
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings
from services.extraction.worker import _confine_to_this_process
from tests.support.documents import bomb_docx, glyph_flood_pdf, report_docx, zipped
from tests.support.escape_attempts import ESCAPED
from tests.support.samples import pdf
from tests.support.sandboxed import alive_in, read_in_sandbox

SETTINGS = SandboxSettings(memory_bytes=192 << 20)
EXTRACTORS = ("tests.support.bad_extractors", "tests.support.escape_attempts")
Reports = list[Finding]


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SETTINGS, slots=2, extra_modules=EXTRACTORS)
    await sandbox.start()
    yield sandbox
    await sandbox.aclose()


async def read(
    sandbox: Sandbox, folder: Path, content: bytes, suffix: str, *, seconds: float = 20, limits: Limits | None = None
) -> tuple[Reports, ErrorCode | None]:
    """Read a document in a fresh folder and give all reports and the error code; nothing of the child may be left."""
    outcome = await read_in_sandbox(sandbox, folder, content, suffix, seconds=seconds, limits=limits)
    assert outcome.left_alive == []
    return outcome.reports, outcome.code


def texts(reports: Reports) -> list[str]:
    return [report.text for report in reports if isinstance(report, PageReport)]


async def test_a_document_is_read_in_a_child(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, pdf("first words", "second words"), ".pdf")
    assert code is None
    assert texts(reports) == ["first words", "second words"]
    begun = reports[0]
    assert isinstance(begun, Begun)
    assert (begun.media_type, begun.engine) == ("application/pdf", "pypdfium2")


async def test_what_nothing_is_extracted_from_has_a_type_and_no_engine(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, zipped({"a": b"x"}), ".zip")
    assert (reports, code) == ([Begun(media_type="application/zip")], None)


async def test_a_mismatch_of_name_and_content_is_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, report_docx(), ".pdf")
    assert code is None
    assert WarningReport(warning=Warn.TYPE_MISMATCH) in reports


@pytest.mark.parametrize(
    ("suffix", "seconds", "code"),
    [
        (".hang", 1, ErrorCode.TIMEOUT),
        (".spin", 1, ErrorCode.TIMEOUT),
        (".eat", 20, ErrorCode.OUT_OF_MEMORY),
        (".eatc", 20, ErrorCode.OUT_OF_MEMORY),
        (".abort", 20, ErrorCode.CRASHED),
        (".raise", 20, ErrorCode.CORRUPT),
        (".garbage", 20, ErrorCode.CRASHED),
        (".flood", 20, ErrorCode.CRASHED),
        (".fork", 20, ErrorCode.CORRUPT),
    ],
)
async def test_a_misbehaving_child_ends_with_a_reason_and_its_finished_page(
    sandbox: Sandbox, tmp_path: Path, suffix: str, seconds: float, code: ErrorCode
) -> None:
    reports, found = await read(sandbox, tmp_path, b"text", suffix, seconds=seconds)
    assert found is code
    assert texts(reports) == ["before"]


async def test_a_child_that_claims_more_than_allowed_is_cut_off(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, b"text", ".lie", limits=Limits(pages=5))
    assert code is ErrorCode.CRASHED
    assert len(texts(reports)) == 5


async def test_a_neighbour_is_read_while_another_child_misbehaves(sandbox: Sandbox, tmp_path: Path) -> None:
    for suffix in (".hang", ".eat", ".abort", ".fork", ".flood"):
        bad = asyncio.create_task(read(sandbox, tmp_path, b"text", suffix, seconds=2))
        reports, code = await read(sandbox, tmp_path, pdf("good words"), ".pdf")
        assert (texts(reports), code) == (["good words"], None)
        await bad


async def test_programs_an_extractor_started_and_hid_end_with_it(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, b"text", ".forks")
    assert (texts(reports), code) == (["started"], None)


async def test_a_child_has_no_network(sandbox: Sandbox, tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def canary(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.close()

    server = await asyncio.start_server(canary, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        reports, _ = await read(sandbox, tmp_path, f"{host} {port}".encode(), ".net")
    assert texts(reports)[0].startswith("refused")
    assert not reached.is_set()


async def test_a_child_has_neither_environment_nor_descriptors_nor_privileges(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URL", "mongodb://user:secret@host")
    reports, _ = await read(sandbox, tmp_path, b"text", ".look")
    first, second = texts(reports)
    assert first == "environment {'OMP_THREAD_LIMIT': '1'} descriptors [0, 1, 2, 3]"
    assert second == "no new privileges 1"


_ALONE = """
import ctypes, errno, fcntl, os, platform, resource, signal, socket, sys, threading
from services.extraction import confinement, syscall_filter, syscalls
confinement.forbid_new_privileges()
os.chdir(sys.argv[1])
assert {layer}
def call(group, name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(syscalls.numbers(platform.machine(), group)[name], *arguments) < 0 and (
        ctypes.get_errno() == errno.EPERM
    ):
        raise PermissionError
attempts = {{
    "own": lambda: open("own", "w").close(),
    "other": lambda: open(sys.argv[2]).close(),
    "listing": lambda: os.listdir("/"),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork() or os._exit(0),
    "tcp": lambda: socket.socket(socket.AF_INET).bind(("127.0.0.1", 0)),
    "datagrams": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_RAW | socket.SOCK_NONBLOCK),
    "pair of datagrams": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "stream": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "packets": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET),
    "limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    "own limits": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    "signal": lambda: call(syscalls.BY_ARGUMENT, "tgkill", os.getppid(), os.getppid(), 0),
    "queued signal": lambda: call(syscalls.SIGNALS, "rt_tgsigqueueinfo", os.getppid(), os.getppid(), 0, None),
    "signals of a file": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()),
    "own signal": lambda: signal.pthread_kill(threading.get_ident(), 0),
    "namespace": lambda: confinement.hide_shared_folders() or 1 / 0,
}}
for name in sys.argv[3:]:
    try:
        attempts[name]()
    except (OSError, ZeroDivisionError):
        print("refused", name)
"""


@pytest.mark.parametrize(
    ("layer", "refused", "allowed"),
    [
        ("confinement.restrict_files()", ["other", "listing", "tcp"], ["own", "fork"]),
        (
            "syscall_filter.refuse_network_calls()",
            ["tcp", "datagrams", "raw", "pair of datagrams"],
            ["own", "other", "fork", "stream", "packets"],
        ),
        ("syscall_filter.refuse_kernel_interfaces()", ["namespace", "limits"], ["own", "other", "fork", "own limits"]),
        (
            "syscall_filter.refuse_new_processes()",
            ["program", "fork", "tcp", "stream", "packets", "signal", "queued signal", "signals of a file"],
            ["own", "other", "own signal"],
        ),
    ],
)
def test_each_layer_holds_alone(tmp_path: Path, layer: str, refused: list[str], allowed: list[str]) -> None:
    other = tmp_path / "other"
    other.touch()
    own = tmp_path / "folder"
    own.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", _ALONE.format(layer=layer), own, other, *refused, *allowed],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert ended.stdout.splitlines() == [f"refused {name}" for name in refused]


@pytest.mark.parametrize("layer", ["confinement.restrict_files", "syscall_filter.refuse_new_processes"])
def test_a_layer_that_the_kernel_denies_keeps_a_document_from_being_read(
    monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    layers = ("confinement.restrict_files", "syscall_filter.refuse_new_processes")
    for name in layers:
        monkeypatch.setattr(f"services.extraction.{name}", lambda name=name: name != layer)
    in_force = InForce(
        network_namespace=False,
        pid_namespace=False,
        mount_namespace=False,
        landlock=True,
        syscall_filter=True,
        own_user=False,
    )
    with pytest.raises(PermissionError):
        _confine_to_this_process(in_force)


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"signal": signal.SIGKILL}, ErrorCode.OUT_OF_MEMORY),
        ({"signal": signal.SIGKILL, "killed": True}, ErrorCode.CRASHED),
        ({"signal": signal.SIGABRT, "peak_bytes": SETTINGS.memory_bytes}, ErrorCode.OUT_OF_MEMORY),
        ({"signal": signal.SIGABRT}, ErrorCode.CRASHED),
        ({"signal": signal.SIGSEGV}, ErrorCode.CRASHED),
        ({"signal": signal.SIGSYS}, ErrorCode.CRASHED),
        ({"signal": signal.SIGXCPU}, ErrorCode.TIMEOUT),
        ({"signal": signal.SIGKILL, "cpu_seconds": 100.0}, ErrorCode.TIMEOUT),
        ({}, ErrorCode.CRASHED),
    ],
)
def test_the_end_of_a_child_that_said_nothing_has_a_code(ended: dict[str, float], code: ErrorCode) -> None:
    task = SETTINGS.task(Path(), suffix="", declared_type="", limits=Limits(), slot=0, seconds=9, niceness=0)
    values = {"signal": None, "status": 0, "peak_bytes": 0, "cpu_seconds": 0, "killed": False, **ended}
    assert _code_of(Exit.model_validate(values), task) is code


@pytest.mark.parametrize("suffix", [".escape", ".escapes"])
async def test_no_way_leads_out_of_a_child(sandbox: Sandbox, tmp_path: Path, suffix: str) -> None:
    reached: list[str] = []
    with TemporaryDirectory(dir="/var/tmp") as folder:  # their own /tmp is elsewhere
        neighbour = Path(folder)
        (neighbour / "secret").write_text("secret")
        outcomes = await outcomes_of_escape(sandbox, tmp_path, suffix, neighbour, reached)
        assert (neighbour / "secret").read_text() == "secret"
    assert len(outcomes) > 25
    assert [label for label, outcome in outcomes.items() if outcome == ESCAPED] == []
    assert reached == []


async def outcomes_of_escape(
    sandbox: Sandbox, tmp_path: Path, suffix: str, neighbour: Path, reached: list[str]
) -> dict[str | None, str]:
    async with listening(neighbour / "socket", reached) as outside:
        files = [str(neighbour / "secret"), str(Path(__file__).parents[2] / "pyproject.toml"), "/etc/passwd"]
        document = {**outside, "files": files, "folder": str(neighbour), "pid": os.getpid()}
        reports, code = await read(sandbox, tmp_path, json.dumps(document).encode(), suffix)
    assert code is None
    return {report.label: report.text for report in reports if isinstance(report, PageReport)}


@asynccontextmanager
async def listening(path: Path, reached: list[str]) -> AsyncIterator[dict[str, object]]:
    """Listen by TCP and on both kinds of Unix sockets, and note who comes."""

    def note(kind: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(kind)
            writer.close()

        return connected

    abstract = f"canary-{os.getpid()}"
    async with (
        await asyncio.start_server(note("tcp"), "127.0.0.1", 0) as tcp,
        await asyncio.start_unix_server(note("unix"), path),
        await asyncio.start_unix_server(note("abstract"), f"\0{abstract}"),
    ):
        yield {"tcp": tcp.sockets[0].getsockname()[1], "unix": str(path), "abstract": abstract}


async def test_what_a_child_leaves_in_its_folder_can_be_removed(sandbox: Sandbox, tmp_path: Path) -> None:
    reports, code = await read(sandbox, tmp_path, b"text", ".litter")
    assert (texts(reports), code) == (["littered"], None)
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_a_template_that_died_is_started_again(sandbox: Sandbox, tmp_path: Path) -> None:
    pid = sandbox._template.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    reports, code = await read(sandbox, tmp_path, pdf("good words"), ".pdf")
    assert (texts(reports), code) == (["good words"], None)
    assert sandbox._template.pid != pid


async def test_a_child_at_work_survives_its_template_and_dies_with_its_reading(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / SOURCE_NAME).write_bytes(b"text")
    async with sandbox.open(tmp_path, suffix=".hang", limits=Limits(), seconds=20) as reading:
        reports = reading.reports()
        await anext(reports)
        assert sandbox._template.pid
        os.kill(sandbox._template.pid, signal.SIGKILL)
        assert isinstance(await anext(reports), PageReport)
        assert alive_in(tmp_path)
    assert not alive_in(tmp_path)


async def test_a_cancelled_reading_leaves_no_child(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / SOURCE_NAME).write_bytes(b"text")
    begun = asyncio.Event()

    async def endless() -> None:
        async with sandbox.open(tmp_path, suffix=".hang", limits=Limits(), seconds=60) as reading:
            async for _ in reading.reports():
                begun.set()

    task = asyncio.create_task(endless())
    await begun.wait()
    assert alive_in(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive_in(tmp_path)


@pytest.mark.parametrize(
    ("content", "suffix", "codes"),
    [
        (bomb_docx(250), ".docx", {ErrorCode.TOO_LARGE_UNCOMPRESSED}),
        (glyph_flood_pdf(5_000_000), ".pdf", {ErrorCode.OUT_OF_MEMORY, None}),
    ],
)
async def test_a_bomb_ends_with_a_reason(
    sandbox: Sandbox, tmp_path: Path, content: bytes, suffix: str, codes: set[ErrorCode | None]
) -> None:
    _, code = await read(sandbox, tmp_path, content, suffix)
    assert code in codes


async def test_a_process_out_of_descriptors_leaks_none_for_a_child_it_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []
    open_pair = socket.socketpair

    def remembered_pair(*kind: int) -> tuple[socket.socket, ...]:
        opened.extend(open_pair(*kind))
        return tuple(opened[-2:])

    def no_pipe() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("services.extraction.sandbox.socket.socketpair", remembered_pair)
    monkeypatch.setattr("services.extraction.sandbox.os.pipe", no_pipe)
    with pytest.raises(DependencyUnavailable):
        async with Sandbox(SETTINGS, slots=1).open(tmp_path, suffix=".txt", limits=Limits(), seconds=1):
            pass
    assert opened
    assert [end.fileno() for end in opened] == [-1] * len(opened)
