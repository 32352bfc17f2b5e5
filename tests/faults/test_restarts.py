"""SIGTERM in the middle of a run, as a deployment sends it: what was accepted is finished or handed back."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest

from libs.contracts.records import ExtractionStatus, FileState
from tests.faults.audit import Audit
from tests.faults.crowd import Crowd, assert_kept, documents
from tests.support.amqp import until
from tests.support.api import Answer, Api
from tests.support.documents import slow_pdf
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(120)

FILES = 40
OPEN_UPLOADS = 4
TEXT = b"The harbour master counts lanterns every evening.\n"


@pytest.mark.parametrize("service", ["storage", "extraction"])
async def test_a_service_restarted_in_a_run_fails_no_upload(
    service: str, doomed: Stack, api: Api, audit: Audit, dice: random.Random
) -> None:
    crowd = Crowd(api, documents(dice, FILES), wait=1)
    running = asyncio.create_task(crowd.run())
    await crowd.answered(dice.randrange(1, FILES * 3 // 4))
    began = time.monotonic()
    await doomed.stop(service)
    stopped = time.monotonic() - began
    await doomed.start(service)
    await running
    settled = await audit.settled()
    print(f"{service} stopped in {stopped:.1f} s, in order {settled:.1f} s after the last upload")
    assert crowd.repeated == []
    await assert_kept(api, audit, crowd)
    inventory = await audit.inventory()
    assert {inventory.extractions[promise.file_id].attempt for promise in crowd.promises} == {1}


async def test_a_gateway_told_to_stop_finishes_the_uploads_it_is_receiving(
    doomed: Stack, api: Api, audit: Audit
) -> None:
    stopping = asyncio.Event()

    async def receiving() -> bool:
        return await audit.database["files"].count_documents({"state": FileState.RECEIVING}) == OPEN_UPLOADS

    async def body(number: int) -> AsyncIterator[bytes]:
        yield f'--b\r\nContent-Disposition: form-data; name="file"; filename="open-{number}.txt"\r\n\r\n'.encode()
        yield TEXT * 500
        await stopping.wait()
        yield TEXT + b"\r\n--b--\r\n"

    def upload(number: int) -> asyncio.Task[Answer]:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        return asyncio.create_task(
            api.request("POST", f"{api.files}/attach-file", data=body(number), headers=headers, params={"wait": "5"})
        )

    async def refuses() -> bool:
        try:
            await api.request("GET", f"{api.root}/limits", headers={"Connection": "close"})
        except aiohttp.ClientConnectionError:
            return True
        return False

    uploads = [upload(number) for number in range(OPEN_UPLOADS)]
    await until(receiving)
    stop = asyncio.create_task(doomed.stop("gateway"))
    await until(refuses)
    stopping.set()
    answers = await asyncio.gather(*uploads)
    await stop
    await doomed.start("gateway")
    assert {answer.status for answer in answers} == {200}, answers
    ids = [UUID(answer.body["file_id"]) for answer in answers]
    ended = await asyncio.gather(*(api.ended(str(file_id)) for file_id in ids))
    assert {file["processing_status"] for file in ended} == {"ready"}, await audit.about(ids)
    await audit.settled()


async def test_a_document_being_read_when_extraction_stops_is_handed_back_without_blame(
    doomed: Stack, api: Api, audit: Audit
) -> None:
    answer = await api.attach("long.pdf", slow_pdf(500), wait=0)
    file_id = UUID(answer.body["file_id"])

    async def running() -> bool:
        return await audit.database["extractions"].find_one({"_id": file_id, "lease": {"$ne": None}}) is not None

    await until(running)
    await doomed.stop("extraction")
    extraction = (await audit.inventory()).extractions[file_id]
    assert (extraction.status, extraction.lease, extraction.attempt) == (ExtractionStatus.QUEUED, None, 0)
    await doomed.start("extraction")
    ended = await api.ended(str(file_id))
    assert ended["error"]["code"] == "timeout", await audit.about([file_id])
    await audit.settled()
