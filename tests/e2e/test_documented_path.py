"""The path every new user walks: attach, list, ask, download, detach, reset; on the three services as they ship."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.api import Api
from tests.support.samples import pdf
from tests.support.stack import Stack

CONTRACT = pdf("The contract number is QX-4471 and the total is 950 euros.")
UNKNOWN = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    """Give a caller who starts with nothing attached and leaves nothing behind."""
    async with Api.open(stack.base_url, stack.app_id, stack.agent_id, stack.api_key) as api:
        assert (await api.request("POST", f"{api.chat}/reset")).status == 200
        yield api
        assert (await api.request("POST", f"{api.chat}/reset")).status == 200


@pytest.fixture
async def stranger(stack: Stack) -> AsyncIterator[Api]:
    """Give another key of the same app, allowed to talk to the same agent."""
    async with Api.open(stack.base_url, stack.app_id, stack.agent_id, stack.other_api_key) as api:
        yield api


async def test_an_attached_document_is_read_answered_from_and_downloaded(api: Api) -> None:
    attached = await api.attach("document.pdf", CONTRACT, "application/pdf")
    assert attached.status == 200
    assert attached.body["processing_status"] == "ready"
    assert "QX-4471" in attached.body["content_preview"]
    assert [file["file_id"] for file in await api.listed()] == [attached.body["file_id"]]
    answer = await api.call("What is the contract number in this document?")
    assert answer.status == 200
    assert "QX-4471" in answer.body["response"]
    assert answer.body["usage"]["files_processed"] == 1
    assert answer.body["files"][0]["pages_used"] == [1]
    download = await api.download(attached.body["download_url"])
    assert (download.status, download.body) == (200, CONTRACT)
    assert "attachment" in download.headers["Content-Disposition"]


async def test_a_detached_file_is_gone_everywhere_at_once(api: Api) -> None:
    attached = (await api.attach("notes.txt", b"the launch code is 7741")).body
    file_url = f"{api.files}/attached-files/{attached['file_id']}"
    detached = await api.request("DELETE", f"{api.files}/detach-file/{attached['file_id']}")
    assert (detached.status, detached.body["success"]) == (200, True)
    counts = detached.body["receipt"]["counts"]
    assert (counts["files"], counts["objects"], counts["pages"]) == (1, 1, 1)
    assert await api.listed() == []
    assert (await api.request("GET", file_url)).code == "file_not_found"
    assert (await api.request("GET", f"{file_url}/content")).code == "file_not_found"
    assert (await api.download(attached["download_url"])).status == 410
    assert (await api.call("x", file_references=[attached["file_id"]])).status == 404
    assert (await api.request("DELETE", f"{api.files}/detach-file/{attached['file_id']}")).code == "file_not_found"


async def test_reset_clears_the_history_and_the_files(api: Api) -> None:
    await api.attach("notes.txt", b"the launch code is 7741")
    conversation_id = (await api.call("hello")).body["conversation_id"]
    reset = await api.request("POST", f"{api.chat}/reset")
    assert (reset.status, reset.body["success"]) == (200, True)
    assert await api.listed() == []
    shown = await api.request("GET", f"{api.chat}/conversations/{conversation_id}")
    assert shown.body["messages"] == []


async def test_files_of_a_conversation_stay_in_it_and_shared_ones_are_seen_everywhere(api: Api) -> None:
    first, second = [
        (await api.request("POST", f"{api.chat}/conversations", json={})).body["conversation_id"] for _ in range(2)
    ]
    shared = (await api.attach("shared.txt", b"for all")).body["file_id"]
    own = (await api.attach("own.txt", b"for one", conversation_id=first)).body["file_id"]
    assert {file["file_id"] for file in await api.listed(conversation_id=first)} == {shared, own}
    assert {file["file_id"] for file in await api.listed(conversation_id=second)} == {shared}
    assert {file["file_id"] for file in await api.listed()} == {shared}
    turn = await api.call("hello", conversation_id=second)
    assert [file["file_id"] for file in turn.body["files"]] == [shared]
    deleted = await api.request("DELETE", f"{api.chat}/conversations/{first}")
    assert deleted.body["receipt"]["counts"]["files"] == 1
    assert (await api.request("GET", f"{api.files}/attached-files/{own}")).status == 404
    await api.request("DELETE", f"{api.chat}/conversations/{second}")


async def test_no_file_survives_its_conversation_however_they_race(api: Api) -> None:
    for _ in range(5):
        created = await api.request("POST", f"{api.chat}/conversations", json={})
        conversation_id = created.body["conversation_id"]
        attached, deleted = await asyncio.gather(
            api.attach("late.txt", b"too late", wait=0, conversation_id=conversation_id),
            api.request("DELETE", f"{api.chat}/conversations/{conversation_id}"),
        )
        assert deleted.status == 200
        if attached.status == 200:
            gone = await api.request("GET", f"{api.files}/attached-files/{attached.body['file_id']}")
            assert gone.code == "file_not_found"
        else:
            assert attached.code == "conversation_not_found"


async def test_a_strangers_file_is_answered_like_one_that_does_not_exist(api: Api, stranger: Api) -> None:
    mine = (await api.attach("notes.txt", b"mine")).body["file_id"]
    assert await stranger.listed() == []
    for method, path in [
        ("GET", "attached-files/{}"),
        ("PATCH", "attached-files/{}"),
        ("GET", "attached-files/{}/content"),
        ("POST", "attached-files/{}/link"),
        ("POST", "attached-files/{}/reprocess"),
        ("DELETE", "detach-file/{}"),
    ]:
        options = {"json": {"is_active": False}} if method == "PATCH" else {}
        foreign = await stranger.request(method, f"{stranger.files}/{path.format(mine)}", **options)
        unknown = await stranger.request(method, f"{stranger.files}/{path.format(UNKNOWN)}", **options)
        assert (foreign.status, foreign.code) == (unknown.status, unknown.code) == (404, "file_not_found"), path
    assert (await stranger.call("x", file_references=[mine])).status == 404


async def test_an_inactive_file_is_listed_but_not_used(api: Api) -> None:
    attached = (await api.attach("secret.txt", b"The launch code is 7741.")).body
    url = f"{api.files}/attached-files/{attached['file_id']}"
    patched = await api.request("PATCH", url, json={"is_active": False, "metadata": {"year": 2026}})
    assert (patched.body["is_active"], patched.body["metadata"]) == (False, {"year": 2026})
    turn = await api.call("What is the launch code?")
    assert turn.body["usage"]["files_processed"] == 0
    assert "7741" not in turn.body["response"]
    assert [file["file_id"] for file in await api.listed()] == [attached["file_id"]]


async def test_content_is_given_page_by_page(api: Api) -> None:
    attached = (await api.attach("long.pdf", pdf("first page", "second page", "third page"), "application/pdf")).body
    url = f"{api.files}/attached-files/{attached['file_id']}/content"
    part = (await api.request("GET", url, params={"page": "2", "limit": "1"})).body
    assert [page["number"] for page in part["pages"]] == [2]
    assert (part["page_count"], part["next_page"]) == (3, 3)
    text = await api.request("GET", url, params={"format": "text"})
    assert [page.strip() for page in text.body.decode().split("\f")] == ["first page", "second page", "third page"]
    assert (await api.request("GET", url, params={"page": "4"})).code == "page_not_found"


async def test_each_file_of_a_request_succeeds_or_fails_by_itself(api: Api) -> None:
    form = aiohttp.FormData({"message": "Compare"})
    form.add_field("files", b"# Notes\nThe second contract is QX-9002.", filename="notes.md")
    form.add_field("files", b"MZ\x90\x00", filename="tool.exe")
    turn = await api.request("POST", f"{api.chat}/call-with-files", data=form)
    assert turn.status == 200
    by_name = {file["filename"]: file for file in turn.body["files"]}
    assert by_name["tool.exe"]["error"]["code"] == "unsupported_file_type"
    assert by_name["notes.md"]["processing_status"] == "ready"
    assert [file["filename"] for file in await api.listed()] == ["notes.md"]


async def test_a_repeated_request_with_its_idempotency_key_attaches_once(api: Api) -> None:
    def form(content: bytes) -> aiohttp.FormData:
        data = aiohttp.FormData()
        data.add_field("file", content, filename="once.txt")
        return data

    url, headers = f"{api.files}/attach-file", {"Idempotency-Key": "upload-1"}
    first = await api.request("POST", url, data=form(b"once"), headers=headers)
    again = await api.request("POST", url, data=form(b"once"), headers=headers)
    other = await api.request("POST", url, data=form(b"twice"), headers=headers)
    assert first.body["file_id"] == again.body["file_id"]
    assert other.status == 422
    assert len(await api.listed()) == 1


async def test_the_api_is_described_and_its_page_needs_no_internet(api: Api, stack: Stack) -> None:
    document = (await api.request("GET", f"{stack.base_url}/openapi.json")).body
    assert document["openapi"].startswith("3.1")
    assert "/public/v1/app/{app_id}/chat/{agent_id}/call" in document["paths"]
    page = (await api.request("GET", f"{stack.base_url}/docs")).body.decode()
    assert "http" not in page.replace("http-equiv", "")
    assert json.dumps(document).count("#/components/schemas/") > 10


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_encoded_body_is_refused_whether_or_not_it_is_one(api: Api, encoding: str) -> None:
    for path in ("call", "reset", "conversations"):
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
        answer = await api.request("POST", f"{api.chat}/{path}", data=b'{"message": "x"}', headers=headers)
        assert (answer.status, answer.code) == (415, "unsupported_media_type")
