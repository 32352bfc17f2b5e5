"""Every accepted ending, through the whole product: attached, read, and its text served."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.gateway.files.types import FILE_TYPES
from tests.support.api import Api
from tests.support.every_type import MARKER, sample
from tests.support.stack import Stack


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    """Give a caller who leaves nothing behind."""
    async with Api.open(stack.base_url, stack.app_id, stack.agent_id, stack.api_key) as api:
        yield api
        assert (await api.request("POST", f"{api.chat}/reset")).status == 200


async def test_text_comes_out_of_every_accepted_type(api: Api) -> None:
    samples = {ending: await asyncio.to_thread(sample, ending) for ending in FILE_TYPES}
    attached = await asyncio.gather(
        *(api.attach(f"contract{ending}", content, wait=0) for ending, content in samples.items())
    )
    assert {answer.status for answer in attached} == {200}, attached
    ended = await asyncio.gather(*(api.ended(answer.body["file_id"], seconds=90) for answer in attached))
    unread = {
        file["filename"]: (file["error"], file["warnings"]) for file in ended if file["processing_status"] != "ready"
    }
    assert not unread
    surprised = {file["filename"]: file["warnings"] for file in ended if file["warnings"]}
    assert not surprised
    contents = await asyncio.gather(
        *(api.request("GET", f"{api.files}/attached-files/{file['file_id']}/content") for file in ended)
    )
    texts = {
        file["filename"]: "".join(page["text"] for page in content.body["pages"])
        for file, content in zip(ended, contents, strict=True)
    }
    assert not {name: text for name, text in texts.items() if MARKER not in text}
