"""A document that hangs, crashes or eats memory fails with its code, in time, and harms nobody beside it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

import pytest

from tests.faults.audit import Audit
from tests.support import documents, hostile_documents
from tests.support.amqp import until
from tests.support.api import Api
from tests.support.samples import pdf
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(120)

NEIGHBOURS = 6
LONGEST_SECONDS = 30
"""The limit of 4 s per document in this stack, for all of them two at a time, on a busy machine."""
DEPLETED = {"out_of_memory", "timeout"}
"""Which comes first depends on how busy the machine is."""

HOSTILE: Mapping[str, tuple[set[str], Callable[[], bytes]]] = {
    "slow.pdf": ({"timeout"}, lambda: documents.slow_pdf(500)),
    "letters.pdf": (DEPLETED, lambda: hostile_documents.flooded_pdf(15_000_000)),
    "packed.pdf": (DEPLETED, lambda: hostile_documents.flate_bomb_pdf(900, twice=True)),
    "endless.pdf": ({"too_many_pages"}, lambda: documents.many_pages_pdf(5_100)),
    "locked.pdf": ({"encrypted"}, lambda: documents.encrypted_pdf("secret", user_password="unknown")),
    "bomb.docx": ({"too_large_uncompressed"}, lambda: documents.bomb_docx(300)),
    "entity.docx": ({"corrupt"}, documents.doctype_docx),
    "deep.docx": ({"corrupt"}, lambda: documents.nested_docx(20_000)),
    "bomb.xlsx": ({"too_large_uncompressed"}, lambda: hostile_documents.bomb_xlsx(300)),
    "pixels.png": ({"too_large_uncompressed"}, lambda: hostile_documents.flooding_png(50_000, 50_000)),
}


async def test_hostile_documents_fail_with_their_codes_and_their_neighbours_are_read(api: Api, audit: Audit) -> None:
    contents = {name: await asyncio.to_thread(build) for name, (_, build) in HOSTILE.items()}
    began = time.monotonic()
    uploads = [api.attach(name, content, wait=0) for name, content in contents.items()]
    uploads += [api.attach(f"neighbour-{number}.pdf", pdf(f"page {number}"), wait=0) for number in range(NEIGHBOURS)]
    answers = await asyncio.gather(*uploads)
    assert {answer.status for answer in answers} == {200}, answers
    ids = [answer.body["file_id"] for answer in answers]
    ended = await asyncio.gather(*(api.ended(file_id, seconds=LONGEST_SECONDS) for file_id in ids))
    print(f"all ended after {time.monotonic() - began:.1f} s")
    errors = {file["filename"]: (file["error"] or {}).get("code") for file in ended[: len(HOSTILE)]}
    unexpected = {name: code for name, code in errors.items() if code not in HOSTILE[name][0]}
    assert not unexpected
    assert all(file["error"]["message"] for file in ended[: len(HOSTILE)])
    assert {file["processing_status"] for file in ended[len(HOSTILE) :]} == {"ready"}, ended
    inventory = await audit.inventory()
    assert {inventory.extractions[UUID(file_id)].attempt for file_id in ids} == {1}
    await audit.settled()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGSEGV, "crashed"), (signal.SIGABRT, "crashed"), (signal.SIGKILL, "out_of_memory")]
)
async def test_a_reader_that_dies_is_an_error_of_its_document_alone(
    number: signal.Signals, code: str, doomed: Stack, api: Api, audit: Audit
) -> None:
    service = doomed.pid("extraction")
    assert service is not None
    before = descendants(service)
    hostile = await api.attach("dies.pdf", documents.slow_pdf(500), wait=0)
    reader: set[int] = set()

    async def alone() -> bool:
        reader.clear()
        reader.update(filter(at_work, leaves(descendants(service) - before)))
        return len(reader) == 1

    await until(alone)
    os.kill(reader.pop(), number)
    neighbour = await api.attach("lives.pdf", pdf("lives"), wait=0)
    ended = await api.ended(hostile.body["file_id"], seconds=LONGEST_SECONDS)
    assert (ended["processing_status"], ended["error"]["code"]) == ("error", code), ended
    assert (await api.ended(neighbour.body["file_id"]))["processing_status"] == "ready"
    after = await api.attach("after.pdf", pdf("after"), wait=20)
    assert after.body["processing_status"] == "ready", after
    await audit.settled()


def at_work(pid: int) -> bool:
    """Whether a process has used a tenth of a second of the processor: it is no mere step on the way to a reader."""
    try:
        used = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except (FileNotFoundError, ProcessLookupError):
        return False
    return used >= os.sysconf("SC_CLK_TCK") // 10


def descendants(pid: int) -> set[int]:
    """Give all processes below this one."""
    below = children(pid)
    return below.union(*map(descendants, below))


def leaves(pids: set[int]) -> set[int]:
    """Give those that have no children themselves."""
    return {pid for pid in pids if not children(pid)}


def children(pid: int) -> set[int]:
    """Give the direct children, of any thread; none of a process that has ended."""
    try:
        threads = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return {int(child) for thread in threads for child in thread.read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return set()
