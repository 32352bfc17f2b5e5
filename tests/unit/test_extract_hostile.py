"""Hostile documents through the sandbox: each ends in its code, in time and within its memory, and reaches nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from services.extraction.content import ErrorCode, Limits, Reason, Warn
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings
from tests.support import documents, hostile_documents, pdf_documents, web_documents
from tests.support.samples import pdf
from tests.support.sandboxed import read_in_sandbox

MEMORY_BYTES = 256 << 20
PREPARED_BYTES = 160 << 20
"""What a child shares with the template from the beginning, which its peak counts as well."""

SECONDS = 8.0
LIMITS = Limits(unpacked_bytes=20_000_000, pages=50, characters=500_000, pixels=1_000_000)


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxSettings(memory_bytes=MEMORY_BYTES), slots=2)
    await sandbox.start()
    yield sandbox
    await sandbox.aclose()


class Attack(NamedTuple):
    """A document and how reading it must end; several codes where the machine's speed decides."""

    name: str
    content: Callable[[], bytes]
    codes: set[ErrorCode | None]
    reason: Reason | None = None


TIMEOUT, MEMORY, CORRUPT = ErrorCode.TIMEOUT, ErrorCode.OUT_OF_MEMORY, ErrorCode.CORRUPT
TOO_LARGE = ErrorCode.TOO_LARGE_UNCOMPRESSED
ATTACKS = (
    Attack("packed once.pdf", lambda: hostile_documents.flate_bomb_pdf(400, twice=False), {MEMORY}),
    Attack("packed twice.pdf", lambda: hostile_documents.flate_bomb_pdf(400, twice=True), {MEMORY}),
    Attack("letters.pdf", lambda: hostile_documents.flooded_pdf(15_000_000), {MEMORY, TIMEOUT}),
    Attack("operators.pdf", lambda: hostile_documents.operators_pdf(300_000), {None, MEMORY, TIMEOUT}),
    Attack("shared pages.pdf", lambda: documents.slow_pdf(500), {TIMEOUT, MEMORY}),
    Attack("too many pages.pdf", lambda: documents.many_pages_pdf(5_100), {ErrorCode.TOO_MANY_PAGES}),
    Attack("page tree.pdf", documents.looping_pdf, {CORRUPT}),
    Attack("tables of tables.pdf", hostile_documents.looping_xref_pdf, {None, CORRUPT}),
    Attack("locked.pdf", lambda: documents.encrypted_pdf("x", user_password="x"), {ErrorCode.ENCRYPTED}),
    Attack("laughs.docx", hostile_documents.laughs_docx, {CORRUPT}, Reason.DOCTYPE),
    Attack("entity.docx", documents.doctype_docx, {CORRUPT}, Reason.DOCTYPE),
    Attack("deep.docx", lambda: documents.nested_docx(20_000), {CORRUPT}, Reason.NESTING),
    Attack("bomb.docx", lambda: documents.bomb_docx(30), {TOO_LARGE}, Reason.ARCHIVE_SIZE),
    Attack("ratio.docx", lambda: documents.bomb_docx(18), {TOO_LARGE}, Reason.ARCHIVE_RATIO),
    Attack("members.docx", lambda: documents.crowded_docx(10_001), {TOO_LARGE}, Reason.ARCHIVE_MEMBERS),
    Attack("text.docx", lambda: hostile_documents.long_text_docx(200), {TOO_LARGE}, Reason.ARCHIVE_SIZE),
    Attack(
        "paragraphs.docx", lambda: hostile_documents.empty_paragraphs_docx(5_000_000), {TOO_LARGE}, Reason.ARCHIVE_SIZE
    ),
    Attack("names.docx", hostile_documents.slipping_docx, {None}),
    Attack("archive in archive.docx", hostile_documents.matryoshka_docx, {None}),
    Attack("cut.docx", lambda: documents.report_docx()[:-40], {CORRUPT}, Reason.CUT_OFF),
    Attack("sparse.xlsx", hostile_documents.sparse_xlsx, {None}),
    Attack("bomb.xlsx", lambda: hostile_documents.bomb_xlsx(30), {TOO_LARGE}, Reason.ARCHIVE_SIZE),
    Attack("deep.html", lambda: hostile_documents.deep_html(200_000), {None}),
    Attack("deep.rtf", lambda: hostile_documents.deep_rtf(50_000), {None}),
    Attack("deep.json", lambda: hostile_documents.deep_json(100_000), {None}),
    Attack("deep.eml", lambda: web_documents.nested_multiparts(2_000), {CORRUPT}, Reason.NESTING),
    Attack("one line.json", lambda: b'{"a": "' + b"x" * 20_000_000 + b'"}', {None}),
    Attack("surrogates.json", lambda: rb'{"a": "\ud800 \udfff"}', {None}),
    Attack("nulls.txt", lambda: b"before\0\0after" * 100_000, {None}),
    Attack("mixed encodings.txt", lambda: "Grüße ".encode() * 9 + "Grüße".encode("cp1252") + b"\xff\xfe", {None}),
    Attack("pixels.png", lambda: hostile_documents.flooding_png(50_000, 50_000), {TOO_LARGE}, Reason.IMAGE_PIXELS),
    Attack("garbage.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 2_000, {CORRUPT}, Reason.CUT_OFF),
    Attack("half.pdf", lambda: pdf("first", "second", "third")[:700], {CORRUPT}, Reason.CUT_OFF),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
async def test_a_hostile_document_ends_in_its_code_within_its_limits(
    sandbox: Sandbox, tmp_path: Path, attack: Attack
) -> None:
    content = await asyncio.to_thread(attack.content)
    outcome = await read_in_sandbox(
        sandbox, tmp_path, content, Path(attack.name).suffix, seconds=SECONDS, limits=LIMITS
    )
    assert outcome.code in attack.codes, outcome
    assert outcome.reason is attack.reason
    assert outcome.diagnosis is None
    assert outcome.left_alive == []
    assert outcome.peak_bytes < MEMORY_BYTES + PREPARED_BYTES
    assert sum(map(len, outcome.texts)) <= LIMITS.characters
    assert not any(mark in text for text in outcome.texts for mark in ("root:", "\0", "\ud800"))
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_pages_finished_before_a_document_was_killed_are_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    endless = b"BT /F1 9 Tf 40 740 Td " + b"(word ) Tj " * 2_000_000 + b"ET"
    content = pdf_documents.document(pdf_documents.lines("first"), pdf_documents.lines("second"), endless)
    outcome = await read_in_sandbox(sandbox, tmp_path, content, ".pdf", seconds=4)
    assert outcome.code in {TIMEOUT, MEMORY}
    assert outcome.texts == ["first", "second"]


@pytest.mark.parametrize("name", hostile_documents.referring("http://x"))
async def test_a_document_that_refers_to_the_outside_is_read_without_a_packet(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    reached: list[str] = []

    def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(name)
        writer.close()

    async with await asyncio.start_server(note, "127.0.0.1", 0) as canary:
        port = canary.sockets[0].getsockname()[1]
        content = hostile_documents.referring(f"http://127.0.0.1:{port}")[name]
        outcome = await read_in_sandbox(sandbox, tmp_path, content, Path(name).suffix, seconds=30)
    assert outcome.code is None, outcome
    assert "kept text" in " ".join(outcome.texts) or name == "links.pptx"
    assert Warn.PARTIAL not in outcome.warnings
    assert reached == []
    assert packets_sent(sandbox) == 0


def packets_sent(sandbox: Sandbox) -> int:
    """Count what left through any interface of the network namespace that all children share (proc_net(5))."""
    pid = sandbox._template.pid
    if Path(f"/proc/{pid}/ns/net").samefile("/proc/self/ns/net"):
        return 0  # no namespace here: the canary alone has to tell
    interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    return sum(int(line.partition(":")[2].split()[9]) for line in interfaces)
