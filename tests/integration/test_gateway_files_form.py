"""Forms with several files: each succeeds or fails by itself, and a form that is wrong leaves none of them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from libs.web.server import public_app
from services.gateway.auth.models import Scope
from services.gateway.files.form import FormRules, receive_form
from services.gateway.files.models import FileBody
from services.gateway.files.upload import UploadOptions
from services.gateway.routing import Route
from tests.support.amqp import empty_broker
from tests.support.api import Answer, Api
from tests.support.gateway import APP, SMALL_BYTES, Gateway, gateway_settings, running_gateway

TEXT = b"Satchel carries documents into conversations.\n"
MOST = 4


@pytest.fixture(scope="module")
async def gateway(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Gateway]:
    settings = gateway_settings(mongo, s3, amqp, max_files_per_request=MOST)
    async with empty_broker(amqp), running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    """Give a caller of a server whose one operation takes files as a chat call does."""

    async def take_files(request: web.Request) -> web.Response:
        uploads = gateway.context.uploads
        rules = FormRules.many_files(gateway.context.settings, "files")
        async with receive_form(request, uploads, rules) as form:
            if "fail" in form.fields:
                raise web.HTTPBadGateway
            for received in form.received:
                await uploads.complete(received, UploadOptions(), request_id="test")
        failed = {failed.filename: failed.error.code for failed in form.failed}
        return web.json_response({"fields": form.fields, "failed": failed})

    route = Route(
        method="POST",
        path="/public/v1/app/{app_id}/take/{agent_id}",
        handler=take_files,
        summary="",
        tag="",
        scope=Scope.CHAT,
        answer=FileBody,
    )
    app = public_app(max_body_bytes=1)
    app.router.add_post(route.path, gateway.context.guard.protect(route))
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with gateway.caller() as api:
        api.chat = f"http://127.0.0.1:{runner.addresses[0][1]}/public/v1/app/{APP}/take/assistant"
        yield api
    await runner.cleanup()


async def send(api: Api, files: dict[str, bytes], **fields: str) -> Answer:
    form = aiohttp.FormData()
    for name, content in files.items():
        form.add_field("files", content, filename=name)
    for name, value in fields.items():
        form.add_field(name, value)
    return await api.request("POST", api.chat, data=form)


async def names(api: Api) -> list[str]:
    return [file["filename"] for file in await api.listed()]


async def test_each_file_succeeds_or_fails_by_itself(gateway: Gateway, api: Api) -> None:
    files = {"a.txt": TEXT, "large.txt": b"a" * (SMALL_BYTES + 50_000), "tool.exe": b"MZ", "b.md": TEXT}
    answer = await send(api, files, message="hello")
    assert answer.status == 200, answer
    assert answer.body["failed"] == {"large.txt": "file_too_large", "tool.exe": "unsupported_file_type"}
    assert answer.body["fields"] == {"message": "hello"}
    assert await names(api) == ["a.txt", "b.md"]
    assert await gateway.leftovers() == []


async def test_as_many_files_as_a_request_may_have_are_taken(api: Api) -> None:
    answer = await send(api, {f"{number}.txt": TEXT for number in range(MOST)})
    assert (answer.status, answer.body["failed"]) == (200, {})
    assert len(await names(api)) == MOST


async def test_one_file_too_many_fails_the_request_and_leaves_none(gateway: Gateway, api: Api) -> None:
    answer = await send(api, {f"{number}.txt": TEXT for number in range(MOST + 1)})
    assert (answer.status, answer.code) == (413, "too_many_files")
    assert await names(api) == []
    assert await gateway.leftovers() == []


async def test_a_request_that_fails_after_its_form_was_read_leaves_none_of_its_files(
    gateway: Gateway, api: Api
) -> None:
    answer = await send(api, {"a.txt": TEXT, "b.txt": TEXT}, fail="yes")
    assert answer.status == 502
    assert await names(api) == []
    assert await gateway.leftovers() == []


async def test_files_that_are_all_too_large_end_the_request_at_what_it_may_hold(gateway: Gateway, api: Api) -> None:
    form = aiohttp.FormData()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"a" * 10_000

    form.add_field("files", TEXT, filename="a.txt")
    form.add_field("files", endless(), filename="endless.txt")
    try:
        answer = await api.request("POST", api.chat, data=form)
        assert (answer.status, answer.code) == (413, "file_too_large")
    except aiohttp.ClientConnectionError:
        """The connection ended before the answer was read: what a client sees that never stops sending."""
    assert await names(api) == []
    assert await gateway.leftovers() == []
