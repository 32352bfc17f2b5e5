"""What an upload promises while a server is away (R7): taken without a broker, 503 without a store or a database."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from libs.amqp.settings import AmqpSettings
from libs.contracts.records import FileState
from libs.mongo.database import MongoSettings, open_database
from libs.objects.settings import S3Settings
from tests.support.amqp import empty_broker, until
from tests.support.gateway import gateway_settings, running_gateway
from tests.support.relay import Relay

TEXT = b"Satchel carries documents into conversations.\n"
NOWHERE = AmqpSettings(url=SecretStr("amqp://guest:guest@127.0.0.1:9/"))
LONGEST_SECONDS = 10


@pytest.fixture(scope="module")
async def declared(amqp: AmqpSettings) -> AsyncIterator[AmqpSettings]:
    async with empty_broker(amqp):
        yield amqp


async def test_without_a_broker_uploads_are_taken_and_their_jobs_kept(mongo: MongoSettings, s3: S3Settings) -> None:
    async with running_gateway(gateway_settings(mongo, s3, NOWHERE)) as gateway, gateway.caller() as api:
        answer = await api.attach("notes.txt", TEXT)
        assert (answer.status, answer.body["processing_status"]) == (200, "processing")
        record = await gateway.record(answer.body["file_id"])
        assert record.outbox is not None
        assert (record.outbox.attempts, record.dispatched_at) == (0, None)
        assert record.outbox.request_id == answer.headers["X-Request-ID"]
        again = await api.request("POST", f"{api.files}/attached-files/{record.id}/reprocess")
        assert (again.status, again.body["processing_status"]) == (200, "processing")


async def test_without_a_broker_a_detached_file_is_gone_and_its_receipt_open(
    mongo: MongoSettings, s3: S3Settings
) -> None:
    async with running_gateway(gateway_settings(mongo, s3, NOWHERE)) as gateway, gateway.caller() as api:
        file_id = (await api.attach("notes.txt", TEXT)).body["file_id"]
        gone = await api.request("DELETE", f"{api.files}/detach-file/{file_id}")
        assert (gone.status, gone.body["receipt"]["completed_at"]) == (200, None)
        assert await api.listed() == []
        record = await gateway.record(file_id)
        assert record.deletion is not None
        assert (record.state, str(record.deletion.id)) == (FileState.DELETING, gone.body["receipt"]["deletion_id"])


async def test_without_an_object_store_an_upload_is_503_and_leaves_nothing(
    mongo: MongoSettings, s3: S3Settings, declared: AmqpSettings
) -> None:
    async with Relay.to(s3.endpoint) as relay:
        settings = gateway_settings(
            mongo, s3.model_copy(update={"endpoint": f"http://127.0.0.1:{relay.port}"}), declared
        )
        async with running_gateway(settings) as gateway, gateway.caller() as api:
            assert (await api.attach("notes.txt", TEXT)).status == 200
            await relay.cut()
            began = time.monotonic()
            answer = await api.attach("notes.txt", TEXT)
            assert time.monotonic() - began < LONGEST_SECONDS
            assert (answer.status, answer.code) == (503, "dependency_unavailable")
            assert "Retry-After" in answer.headers
            assert len(await api.listed()) == 1
            assert await gateway.leftovers() == []
            await relay.restore()
            assert (await api.attach("notes.txt", TEXT)).status == 200


async def test_without_a_database_every_answer_is_503_and_with_it_all_is_well(
    mongo: MongoSettings, s3: S3Settings, declared: AmqpSettings
) -> None:
    async with Relay.to(mongo.url.get_secret_value()) as relay:
        url = SecretStr(f"mongodb://127.0.0.1:{relay.port}/?directConnection=true")
        impatient = mongo.model_copy(update={"url": url, "timeout": timedelta(seconds=1)})
        settings = gateway_settings(impatient, s3, declared, requests_per_minute=1000)
        async with running_gateway(settings) as gateway, gateway.caller() as api:
            assert (await api.attach("notes.txt", TEXT)).status == 200
            await relay.cut()
            began = time.monotonic()
            answers = [await api.attach("notes.txt", TEXT), await api.request("GET", f"{api.files}/attached-files")]
            assert time.monotonic() - began < LONGEST_SECONDS
            assert {(answer.status, answer.code) for answer in answers} == {(503, "dependency_unavailable")}
            await relay.restore()

            async def well() -> bool:
                return (await api.request("GET", f"{api.root}/limits")).status == 200

            await until(well)
            assert len(await api.listed()) == 1


async def test_a_database_that_goes_away_in_the_middle_of_an_upload_leaves_a_record_with_a_deadline(
    mongo: MongoSettings, s3: S3Settings, declared: AmqpSettings
) -> None:
    async with Relay.to(mongo.url.get_secret_value()) as relay, open_database(mongo) as database:
        url = SecretStr(f"mongodb://127.0.0.1:{relay.port}/?directConnection=true")
        impatient = mongo.model_copy(update={"url": url, "timeout": timedelta(seconds=1)})
        async with running_gateway(gateway_settings(impatient, s3, declared)) as gateway, gateway.caller() as api:
            principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])

            async def receiving() -> bool:
                mine = {"owner": principal.id, "state": FileState.RECEIVING}
                return await database["files"].find_one(mine) is not None

            async def body() -> AsyncIterator[bytes]:
                yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + b"a" * 20_000
                await until(receiving)
                await relay.cut()
                yield b"the end\r\n--b--\r\n"

            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            async with asyncio.timeout(LONGEST_SECONDS):
                answer = await api.request("POST", f"{api.files}/attach-file", data=body(), headers=headers)
            assert (answer.status, answer.code) == (503, "dependency_unavailable")
            record = await database["files"].find_one({"owner": principal.id})
            assert record is not None
            assert record["state"] in {FileState.RECEIVING, FileState.DELETING}
            assert record["receive_until"] is not None
            await relay.restore()
