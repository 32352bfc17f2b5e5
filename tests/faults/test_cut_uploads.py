"""Uploads whose client, or whose gateway, goes away half-way leave nothing; jobs that come again change nothing."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from pydantic import SecretStr

from libs.amqp.publisher import Publisher
from libs.amqp.settings import AmqpSettings
from libs.contracts.messages import ExtractFile
from libs.contracts.records import FileState
from tests.faults.audit import Audit, Inventory
from tests.support.amqp import until
from tests.support.api import Answer, Api
from tests.support.samples import pdf
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(120)

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\n'
SIZES = {"less than a part": 100_000, "more than a part": 9 << 20}
COPIES = 3


class HalfUpload:
    """An upload that stops after ``size`` bytes and waits."""

    def __init__(self, api: Api, audit: Audit, size: int) -> None:
        self._audit = audit
        self._size = size
        self._rest = asyncio.Event()
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        request = api.request("POST", f"{api.files}/attach-file", data=self._body(), headers=headers)
        self.task: asyncio.Task[Answer] = asyncio.create_task(request)

    async def arrived(self) -> None:
        """Return once the gateway has what there is of it."""
        await until(self._is_there)

    async def _body(self) -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(self._size // 50_000):
            yield b"All work and no play. \n" * 2_000 + b"." * 4_000
        await self._rest.wait()

    async def _is_there(self) -> bool:
        assert not self.task.done(), self.task
        if self._size < SIZES["more than a part"]:
            return await self._audit.database["files"].count_documents({"state": FileState.RECEIVING}) > 0
        return bool([upload async for upload in self._audit.objects.list_uploads()])


def leftovers(before: Inventory, after: Inventory) -> list[str]:
    """Show the files that were not there before."""
    return [after.about(file_id) for file_id in after.files.keys() - before.files.keys()]


@pytest.mark.parametrize("size", SIZES)
async def test_a_client_that_disconnects_in_mid_upload_leaves_nothing(size: str, api: Api, audit: Audit) -> None:
    before = await audit.inventory()
    upload = HalfUpload(api, audit, SIZES[size])
    await upload.arrived()
    upload.task.cancel()
    await asyncio.wait({upload.task})
    print(f"in order after {await audit.settled():.1f} s")
    assert leftovers(before, await audit.inventory()) == []


async def test_a_gateway_killed_in_mid_upload_leaves_nothing(doomed: Stack, api: Api, audit: Audit) -> None:
    before = await audit.inventory()
    uploads = [HalfUpload(api, audit, size) for size in SIZES.values()]
    for upload in uploads:
        await upload.arrived()
    await doomed.kill("gateway")
    ends = await asyncio.gather(*(upload.task for upload in uploads), return_exceptions=True)
    assert all(isinstance(end, aiohttp.ClientError) for end in ends), ends
    await doomed.start("gateway")
    print(f"in order after {await audit.settled():.1f} s")
    assert leftovers(before, await audit.inventory()) == []


async def test_a_job_that_comes_again_changes_nothing(
    doomed: Stack, api: Api, audit: Audit, dice: random.Random
) -> None:
    settings = AmqpSettings(url=SecretStr(doomed.env["AMQP_URL"]))
    async with Publisher.open(settings, name="duplicates") as publisher:
        await until(publisher.healthy)
        fresh = await api.attach("fresh.pdf", pdf("one", dice.randbytes(8).hex()), wait=0)
        await publish_again(publisher, audit, fresh.body["file_id"])
        await api.ended(fresh.body["file_id"])
        await audit.settled()
        before = await audit.inventory()
        seen = await duplicates(audit)
        await publish_again(publisher, audit, fresh.body["file_id"])

        async def all_seen() -> bool:
            return await duplicates(audit) >= seen + COPIES

        await until(all_seen)
    after = await audit.inventory()
    file_id = UUID(fresh.body["file_id"])
    assert after.extractions[file_id] == before.extractions[file_id]
    assert after.extractions[file_id].attempt == 1, after.about(file_id)
    assert after.pages[file_id] == [1, 2], after.about(file_id)
    assert after == before


async def duplicates(audit: Audit) -> float:
    """Count the jobs that extraction found done or under way."""
    return (await audit.metrics("extraction")).get('satchel_extraction_jobs_total{outcome="duplicate"}', 0)


async def publish_again(publisher: Publisher, audit: Audit, file_id: str) -> None:
    """Publish the job of a file, as the gateway did."""
    file = (await audit.inventory()).files[UUID(file_id)]
    assert file.extract_requested_at is not None
    job = ExtractFile(file_id=file.id, sha256=file.sha256, requested_at=file.extract_requested_at)
    await asyncio.gather(*(publisher.publish(job, correlation_id="again") for _ in range(COPIES)))
