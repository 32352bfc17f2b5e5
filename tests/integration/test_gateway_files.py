"""Files over HTTP: attached, shown, listed, changed, linked, read, reprocessed and detached, on real servers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aiohttp
import pytest

from libs.amqp.settings import AmqpSettings
from libs.contracts.jobs import extraction_job
from libs.contracts.messages import FileProcessed
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from tests.support.amqp import empty_broker, take_jobs, until
from tests.support.api import Answer, Api
from tests.support.gateway import AGENT, OTHER_AGENT, Gateway, gateway_settings, running_gateway
from tests.support.storage import running_storage, storage_settings

TEXT = b"Satchel carries documents into conversations.\n"
UNKNOWN = "550e8400-e29b-41d4-a716-446655440000"
FIELDS = {
    *("success", "message", "file_id", "filename", "file_type", "mime_type", "file_size_bytes", "file_size_display"),
    *("sha256", "uploaded_at", "processing_status", "content_preview", "has_extractable_content", "page_count"),
    *("token_count", "language", "warnings", "error", "is_active", "conversation_id", "metadata", "download_url"),
    "download_expires_at",
}


@pytest.fixture(scope="module")
async def gateway(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Gateway]:
    """Run a gateway, and a storage that carries out its deletions; nobody extracts."""
    async with (
        empty_broker(amqp),
        running_storage(storage_settings(mongo, s3, amqp)),
        running_gateway(gateway_settings(mongo, s3, amqp)) as gateway,
    ):
        yield gateway


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    async with gateway.caller() as api:
        yield api


def one(api: Api, file_id: str, more: str = "") -> str:
    return f"{api.files}/attached-files/{file_id}{more}"


async def begin_conversation(gateway: Gateway, api: Api, agent: str = AGENT) -> str:
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
    return str((await gateway.context.conversations.create(principal, agent, None)).id)


async def test_an_attached_file_has_every_field_of_the_contract(api: Api) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", TEXT, filename="Bericht größer.TXT", content_type="application/octet-stream")
    form.add_field("metadata", '{"category": "financial"}')
    answer = await api.request("POST", f"{api.files}/attach-file", data=form)
    assert answer.status == 200, answer
    body = answer.body
    assert set(body) == FIELDS
    assert (body["filename"], body["file_type"], body["mime_type"]) == ("Bericht größer.TXT", "txt", "text/plain")
    assert (body["file_size_bytes"], body["file_size_display"]) == (len(TEXT), f"{len(TEXT)} B")
    assert body["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert (body["processing_status"], body["content_preview"], body["error"]) == ("processing", "", None)
    assert (body["page_count"], body["token_count"], body["language"]) == (None, None, None)
    assert (body["is_active"], body["metadata"], body["conversation_id"]) == (True, {"category": "financial"}, None)
    assert body["uploaded_at"].endswith("Z")
    uploaded_at = datetime.fromisoformat(body["uploaded_at"])
    assert before <= uploaded_at <= datetime.now(UTC)
    assert datetime.fromisoformat(body["download_expires_at"]) - uploaded_at == timedelta(days=30)
    assert body["download_url"].startswith("http://127.0.0.1:1/d/")


async def test_the_bytes_the_record_and_the_job_are_where_they_belong(
    gateway: Gateway, api: Api, amqp: AmqpSettings
) -> None:
    async with empty_broker(amqp) as channel:
        body = (await api.attach("notes.txt", TEXT)).body
        [job] = await take_jobs(channel)
    record = await gateway.record(body["file_id"])
    assert job == extraction_job(record)
    assert (job.file_id, job.heavy) == (record.id, False)
    assert (record.state, record.outbox, record.receive_until) == (FileState.STORED, None, None)
    assert record.dispatched_at is not None
    info = await gateway.context.objects.find(str(record.id))
    assert info is not None
    assert info.size_bytes == len(TEXT)
    assert (info.metadata["owner"], info.metadata["filename"]) == (record.owner, "notes.txt")


async def test_fields_count_before_and_after_the_file(gateway: Gateway, api: Api) -> None:
    conversation_id = await begin_conversation(gateway, api)
    form = aiohttp.FormData()
    form.add_field("conversation_id", conversation_id)
    form.add_field("file", TEXT, filename="notes.txt")
    form.add_field("metadata", '{"a": 1}')
    form.add_field("skip_extraction", "true")
    answer = await api.request("POST", f"{api.files}/attach-file", data=form)
    assert answer.status == 200, answer
    assert (answer.body["conversation_id"], answer.body["metadata"]) == (conversation_id, {"a": 1})
    assert answer.body["processing_status"] == "uploaded"
    record = await gateway.record(answer.body["file_id"])
    assert (record.skip_extraction, record.extract_requested_at, record.outbox) == (True, None, None)


async def test_the_pages_of_a_document_whose_reading_broke_off_can_be_read(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("long.pdf", b"%PDF-1.4 pretend", "application/pdf")).body["file_id"]
    failure = {"code": "timeout", "message": "It took too long."}
    await gateway.store_extraction(
        file_id, "first page", "second page", status="failed", error=failure, page_count=9, warnings=["partial"]
    )
    body = (await api.request("GET", one(api, file_id))).body
    assert (body["processing_status"], body["error"], body["warnings"]) == ("error", failure, ["partial"])
    assert (body["has_extractable_content"], body["content_preview"], body["page_count"]) == (
        True,
        "first page\nsecond page",
        9,
    )
    content = (await api.request("GET", one(api, file_id, "/content"))).body
    assert [page["text"] for page in content["pages"]] == ["first page", "second page"]
    assert (content["page_count"], content["next_page"]) == (9, None)


async def test_a_finished_extraction_shows_in_the_file(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
    await gateway.store_extraction(
        file_id, "x" * 300, "second page", document={"language": "en", "title": "Notes"}, warnings=["type_mismatch"]
    )
    body = (await api.request("GET", one(api, file_id))).body
    assert set(body) == FIELDS | {"document"}
    assert (body["processing_status"], body["has_extractable_content"]) == ("ready", True)
    assert body["content_preview"] == "x" * 200
    assert (body["page_count"], body["token_count"], body["language"]) == (2, 3, "en")
    assert (body["warnings"], body["document"]["title"]) == (["type_mismatch"], "Notes")


async def test_a_failed_extraction_is_an_error_with_a_code_and_no_text(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("broken.pdf", b"%PDF-1.7 nothing else", "application/pdf")).body["file_id"]
    failure = {"code": "corrupt", "message": "The document is damaged."}
    await gateway.store_extraction(file_id, status="failed", error=failure, page_count=None)
    body = (await api.request("GET", one(api, file_id))).body
    assert (body["processing_status"], body["error"], body["content_preview"]) == ("error", failure, "")
    content = await api.request("GET", one(api, file_id, "/content"))
    assert (content.status, content.code, content.body["error"]) == (409, "extraction_failed", failure)


async def test_a_document_without_legible_text_is_uploaded(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("empty.pdf", b"%PDF-1.4 pretend", "application/pdf")).body["file_id"]
    await gateway.store_extraction(file_id, "", warnings=["no_text"])
    body = (await api.request("GET", one(api, file_id))).body
    assert (body["processing_status"], body["warnings"], body["page_count"]) == ("uploaded", ["no_text"], 1)


@pytest.mark.parametrize("lost", [False, True], ids=["event", "event lost"])
async def test_an_upload_waits_for_extraction_to_end(gateway: Gateway, api: Api, lost: bool) -> None:
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
    mine = {"owner": principal.id, "dispatched_at": {"$ne": None}}
    upload = asyncio.create_task(api.attach("notes.txt", TEXT, wait=30))

    async def dispatched() -> bool:
        return await gateway.database["files"].find_one(mine) is not None

    await until(dispatched)
    record = await gateway.database["files"].find_one(mine)
    assert record is not None
    await gateway.store_extraction(str(record["_id"]), "text")
    if not lost:
        event = FileProcessed(file_id=record["_id"], app_id="demo", owner=principal.id)
        await gateway.context.publisher.publish(event, correlation_id="test")
    async with asyncio.timeout(20):
        answer = await upload
    assert answer.body["processing_status"] == "ready"


async def test_lists_hold_shared_files_and_with_a_conversation_its_own_too(gateway: Gateway, api: Api) -> None:
    mine, other = await begin_conversation(gateway, api), await begin_conversation(gateway, api)
    await api.attach("shared.txt", TEXT)
    await api.attach("mine.txt", TEXT, conversation_id=mine)
    await api.attach("other.txt", TEXT, conversation_id=other)
    assert [file["filename"] for file in await api.listed()] == ["shared.txt"]
    assert [file["filename"] for file in await api.listed(conversation_id=mine)] == ["shared.txt", "mine.txt"]
    listing = (await api.request("GET", f"{api.files}/attached-files", params={"conversation_id": mine})).body
    assert (listing["total_size_bytes"], listing["total_size_display"]) == (2 * len(TEXT), f"{2 * len(TEXT)} B")


async def test_an_unknown_conversation_is_404_and_leaves_no_file(gateway: Gateway, api: Api) -> None:
    attached = await api.attach("notes.txt", TEXT, conversation_id=str(uuid4()))
    assert (attached.status, attached.code) == (404, "conversation_not_found")
    listed = await api.request("GET", f"{api.files}/attached-files", params={"conversation_id": str(uuid4())})
    assert (listed.status, listed.code) == (404, "conversation_not_found")
    async with gateway.caller() as stranger:
        theirs = await begin_conversation(gateway, stranger)
    assert (await api.attach("notes.txt", TEXT, conversation_id=theirs)).code == "conversation_not_found"
    elsewhere = await begin_conversation(gateway, api, OTHER_AGENT)
    assert (await api.attach("notes.txt", TEXT, conversation_id=elsewhere)).code == "conversation_not_found"
    assert await api.listed() == []
    assert await gateway.leftovers() == []


async def test_changes_touch_only_what_they_name(api: Api) -> None:
    file_id = (await api.attach("notes.txt", TEXT, metadata='{"a": 1}')).body["file_id"]
    off = await api.request("PATCH", one(api, file_id), json={"is_active": False})
    assert (off.status, off.body["is_active"], off.body["metadata"]) == (200, False, {"a": 1})
    other = await api.request("PATCH", one(api, file_id), json={"metadata": {"b": [2]}})
    assert (other.body["is_active"], other.body["metadata"]) == (False, {"b": [2]})
    same = await api.request("PATCH", one(api, file_id), json={})
    assert (same.body["is_active"], same.body["metadata"]) == (False, {"b": [2]})
    assert [file["is_active"] for file in await api.listed()] == [False]


@pytest.mark.parametrize("body", [{"state": "deleting"}, {"owner": "x"}, {"is_active": "sometimes"}, {"metadata": []}])
async def test_nothing_else_can_be_changed(api: Api, body: object) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
    assert (await api.request("PATCH", one(api, file_id), json=body)).code == "validation_error"


async def test_a_fresh_link_lives_as_long_as_asked_and_30_days_at_most(api: Api) -> None:
    attached = (await api.attach("notes.txt", TEXT)).body
    hour = (await api.request("POST", one(api, attached["file_id"], "/link"), json={"expires_in": 3600})).body
    assert set(hour) == {"download_url", "expires_at"}
    assert hour["download_url"] != attached["download_url"]
    left = datetime.fromisoformat(hour["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    longest = await api.request("POST", one(api, attached["file_id"], "/link"))
    assert datetime.fromisoformat(longest.body["expires_at"]) - datetime.now(UTC) <= timedelta(days=30)
    for wrong in (0, -1, 30 * 86400 + 1, "soon"):
        refused = await api.request("POST", one(api, attached["file_id"], "/link"), json={"expires_in": wrong})
        assert (refused.status, refused.code) == (422, "validation_error")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_body_of_another_kind_is_415_and_an_empty_one_is_of_none(api: Api, kind: str) -> None:
    url = one(api, (await api.attach("notes.txt", TEXT)).body["file_id"], "/link")
    refused = await api.request("POST", url, data=b"expires_in=60", headers={"Content-Type": kind})
    assert (refused.status, refused.code) == (415, "unsupported_media_type")
    assert (await api.request("POST", url, headers={"Content-Type": kind})).status == 200


async def test_content_is_paged_and_says_where_to_go_on(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
    waiting = await api.request("GET", one(api, file_id, "/content"))
    assert (waiting.status, waiting.code) == (409, "still_processing")
    assert 1 <= int(waiting.headers["Retry-After"]) <= 10
    await gateway.store_extraction(file_id, "one", "two ä", "three")

    async def content(**query: str) -> Answer:
        return await api.request("GET", one(api, file_id, "/content"), params=query)

    whole = (await content()).body
    assert (whole["file_id"], whole["page_count"], whole["next_page"]) == (file_id, 3, None)
    assert [page["text"] for page in whole["pages"]] == ["one", "two ä", "three"]
    assert set(whole["pages"][0]) == {"number", "label", "text", "ocr", "quality", "char_count"}
    part = (await content(page="2", limit="1")).body
    assert ([page["number"] for page in part["pages"]], part["next_page"]) == ([2], 3)
    past = await content(page="4")
    assert (past.status, past.code) == (404, "page_not_found")
    text = await content(format="text")
    assert (text.body.decode(), text.headers["Content-Type"]) == ("one\ftwo ä\fthree", "text/plain; charset=utf-8")
    markdown = await content(format="markdown", page="2", limit="2")
    assert markdown.body.decode() == "two ä\fthree"
    assert markdown.headers["Content-Type"].startswith("text/markdown")
    assert (await content(format="text", page="4")).code == "page_not_found"
    for wrong in ({"page": "0"}, {"limit": "0"}, {"format": "xml"}, {"page": "x"}, {"pages": "1"}):
        assert (await content(**wrong)).code == "validation_error"


async def test_reprocessing_asks_for_a_new_run(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
    await gateway.store_extraction(file_id, "old text")
    before = await gateway.record(file_id)
    again = await api.request("POST", one(api, file_id, "/reprocess"))
    assert (again.status, again.body["processing_status"], again.body["content_preview"]) == (200, "processing", "")
    after = await gateway.record(file_id)
    assert after.extract_requested_at is not None
    assert before.extract_requested_at is not None
    assert after.extract_requested_at > before.extract_requested_at
    assert (after.outbox, after.dispatched_at is not None) == (None, True)
    assert (await api.request("GET", one(api, file_id, "/content"))).code == "still_processing"
    await gateway.store_extraction(file_id, preview="new text", char_count=8)
    assert (await api.request("GET", one(api, file_id))).body["content_preview"] == "new text"


async def test_detaching_leaves_nothing_and_answers_with_a_receipt(gateway: Gateway, api: Api) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
    await gateway.store_extraction(file_id, "one", "two")
    gone = await api.request("DELETE", f"{api.files}/detach-file/{file_id}")
    assert (gone.status, gone.body["success"], gone.body["file_id"]) == (200, True, file_id)
    receipt = gone.body["receipt"]
    assert receipt["completed_at"] is not None
    assert (receipt["counts"]["files"], receipt["counts"]["objects"], receipt["counts"]["pages"]) == (1, 1, 2)
    again = await api.request("DELETE", f"{api.files}/detach-file/{file_id}")
    assert (again.status, again.code) == (404, "file_not_found")
    assert await gateway.database["files"].find_one({"_id": UUID(file_id)}) is None
    assert await gateway.context.objects.find(file_id) is None


@pytest.mark.parametrize("who", ["a stranger", "another agent", "nobody"])
async def test_files_of_others_are_answered_like_files_that_do_not_exist(gateway: Gateway, api: Api, who: str) -> None:
    file_id = (await api.attach("notes.txt", TEXT)).body["file_id"] if who != "nobody" else UNKNOWN
    async with gateway.caller() as stranger:
        asking = stranger if who == "a stranger" else api
        if who == "another agent":
            asking.files = asking.files.replace(AGENT, OTHER_AGENT)
        answers = [
            await asking.request("GET", one(asking, file_id)),
            await asking.request("PATCH", one(asking, file_id), json={"is_active": False}),
            await asking.request("GET", one(asking, file_id, "/content")),
            await asking.request("POST", one(asking, file_id, "/link")),
            await asking.request("POST", one(asking, file_id, "/reprocess")),
            await asking.request("DELETE", f"{asking.files}/detach-file/{file_id}"),
            await asking.request("GET", one(asking, "no-uuid")),
        ]
        assert [(answer.status, answer.code) for answer in answers] == [(404, "file_not_found")] * len(answers)
        assert {answer.body["detail"] for answer in answers} == {"There is no such file."}
        assert await asking.listed() == []


async def test_a_reset_clears_a_conversation_its_files_and_if_asked_the_shared_ones(gateway: Gateway, api: Api) -> None:
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
    mine, other = await begin_conversation(gateway, api), await begin_conversation(gateway, api)
    await api.attach("shared.txt", TEXT)
    await api.attach("mine.txt", TEXT, conversation_id=mine)
    await api.attach("other.txt", TEXT, conversation_id=other)
    deletions = gateway.context.deletions
    receipt = await deletions.clear_conversation(principal, AGENT, UUID(mine), shared_files=False)
    assert (receipt.kind, receipt.counts["files"], receipt.completed_at is not None) == ("reset", 1, True)
    assert [file["filename"] for file in await api.listed(conversation_id=other)] == ["shared.txt", "other.txt"]
    receipt = await deletions.clear_conversation(principal, AGENT, None, shared_files=True)
    assert receipt.counts["files"] == 1
    assert [file["filename"] for file in await api.listed(conversation_id=other)] == ["other.txt"]
    receipt = await deletions.delete_conversation(principal, AGENT, UUID(other))
    assert (receipt.counts["files"], receipt.counts["conversations"]) == (1, 1)
    nothing = await deletions.clear_conversation(principal, AGENT, None, shared_files=True)
    assert (nothing.counts, nothing.completed_at is not None) == ({}, True)
