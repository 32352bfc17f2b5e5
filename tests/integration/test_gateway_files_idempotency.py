"""Idempotency keys on uploads: one effect, one answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import aiohttp
import pytest

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.gateway.auth.models import Principal
from services.gateway.idempotency.errors import RequestInProgress
from services.gateway.idempotency.models import Claim
from services.gateway.idempotency.service import IdempotencyService
from services.gateway.idempotency.store import IdempotencyStore
from tests.support.amqp import empty_broker
from tests.support.api import Answer, Api
from tests.support.gateway import Gateway, gateway_settings, running_gateway

TEXT = b"Satchel carries documents into conversations.\n" * 100


@pytest.fixture(scope="module")
async def gateway(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Gateway]:
    async with empty_broker(amqp), running_gateway(gateway_settings(mongo, s3, amqp)) as gateway:
        yield gateway


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    async with gateway.caller() as api:
        yield api


async def attach(api: Api, key: str, content: bytes = TEXT, name: str = "notes.txt", **fields: str) -> Answer:
    """Attach under a key, the fields before the file: the order must not matter."""
    form = aiohttp.FormData()
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("file", content, filename=name, content_type="text/plain")
    return await api.request("POST", f"{api.files}/attach-file", data=form, headers={"Idempotency-Key": key})


async def test_the_same_upload_twice_is_one_file_and_the_same_answer(gateway: Gateway, api: Api) -> None:
    key = uuid4().hex
    first = await attach(api, key, metadata='{"a": 1}')
    assert first.status == 200
    assert "Idempotent-Replayed" not in first.headers
    objects = {info.key async for info in gateway.context.objects.list()}
    again = await api.request(
        "POST", f"{api.files}/attach-file", data=form_with_file_first(), headers={"Idempotency-Key": key}
    )
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert [file["file_id"] for file in await api.listed()] == [first.body["file_id"]]
    assert {info.key async for info in gateway.context.objects.list()} == objects


def form_with_file_first() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", TEXT, filename="notes.txt", content_type="text/plain")
    form.add_field("metadata", '{"a": 1}')
    return form


async def test_the_same_key_with_another_request_is_422(api: Api) -> None:
    key = uuid4().hex
    assert (await attach(api, key)).status == 200
    for other in (
        attach(api, key, TEXT + b"."),
        attach(api, key, name="other.txt"),
        attach(api, key, metadata="{}"),
    ):
        answer = await other
        assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert len(await api.listed()) == 1


async def test_a_final_refusal_is_an_answer_too(api: Api) -> None:
    key, unknown = uuid4().hex, str(uuid4())
    first = await attach(api, key, conversation_id=unknown)
    again = await attach(api, key, conversation_id=unknown)
    assert (first.status, first.code) == (404, "conversation_not_found")
    assert (again.status, again.body) == (404, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"].startswith("application/problem+json")


async def test_a_request_refused_before_it_was_read_leaves_its_key_free(api: Api) -> None:
    key = uuid4().hex
    assert (await attach(api, key, b"")).code == "empty_file"
    assert (await attach(api, key)).status == 200


async def test_keys_of_different_callers_have_nothing_to_do_with_each_other(gateway: Gateway, api: Api) -> None:
    key = uuid4().hex
    async with gateway.caller() as other:
        mine, theirs = await attach(api, key), await attach(other, key)
    assert mine.body["file_id"] != theirs.body["file_id"]


async def test_of_many_equal_requests_at_once_one_runs_and_the_others_are_told_so(api: Api) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(*(attach(api, key) for _ in range(6)))
    files = {answer.body["file_id"] for answer in answers if answer.status == 200}
    assert len(files) == 1
    refused = [answer for answer in answers if answer.status != 200]
    assert all((answer.status, answer.code) == (409, "request_in_progress") for answer in refused)
    assert all("Retry-After" in answer.headers for answer in refused)
    assert len(await api.listed()) == 1


@pytest.mark.parametrize("key", ["", " ", "ä", "x" * 256])
async def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = await attach(api, key)
    assert (answer.status, answer.code) == (422, "idempotency_key_invalid")


async def test_a_request_that_died_frees_its_key_when_its_lease_runs_out(gateway: Gateway, api: Api) -> None:
    principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
    service, key = gateway.context.idempotency, uuid4().hex
    claim = await begun(service, principal, key)
    with pytest.raises(RequestInProgress):
        await service.begin(principal, "POST /x", key)
    document = await gateway.database["idempotency"].find_one({"_id": claim.key_id})
    assert document is not None
    assert document["lease_until"] - now() <= timedelta(minutes=1)
    await gateway.database["idempotency"].update_one({"_id": claim.key_id}, {"$set": {"lease_until": now()}})
    second = await begun(service, principal, key)
    store = IdempotencyStore(gateway.database)
    assert not await store.extend(claim, now() + timedelta(minutes=1))
    await store.release(claim)
    assert await store.extend(second, now() + timedelta(minutes=1))


async def begun(service: IdempotencyService, principal: Principal, key: str) -> Claim:
    claim = await service.begin(principal, "POST /x", key)
    assert isinstance(claim, Claim)
    return claim


async def test_answers_are_kept_for_a_day(gateway: Gateway, api: Api) -> None:
    key = uuid4().hex
    first = await attach(api, key)
    documents = [document async for document in gateway.database["idempotency"].find({"answer.status": 200})]
    assert all(timedelta(hours=23) < document["expires_at"] - now() <= timedelta(hours=24) for document in documents)
    await gateway.database["idempotency"].update_many({}, {"$set": {"expires_at": now()}})
    again = await attach(api, key)
    assert again.status == 200
    assert again.body["file_id"] != first.body["file_id"]
