"""Download links over HTTP: what they give, for how long, and what nobody gets."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import aiohttp
import pytest
from pydantic import SecretStr

from libs.amqp.settings import AmqpSettings
from libs.clock import now
from libs.contracts.records import FileRecord, FileState
from libs.links.tokens import LinkSigner
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from tests.support.storage import (
    CONTENT,
    SOON,
    Remains,
    Running,
    an_order,
    condemned,
    running_storage,
    storage_settings,
)

SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)


@pytest.fixture
async def remains(mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings) -> AsyncIterator[Remains]:
    async with Remains.open(storage_settings(mongo, s3, amqp)) as remains:
        yield remains


@pytest.fixture
async def streaming(remains: Remains) -> AsyncIterator[Running]:
    """Storage whose object store no client reaches."""
    async with running_storage(remains.settings) as running:
        yield running


@pytest.fixture
async def redirecting(remains: Remains) -> AsyncIterator[Running]:
    """Storage whose object store clients do reach."""
    s3 = remains.settings.s3.model_copy(update={"public_endpoint": remains.settings.s3.endpoint})
    async with running_storage(remains.settings.model_copy(update={"s3": s3})) as running:
        yield running


async def ask(running: Running, url: str, method: str = "GET", **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with running.http.request(method, url, headers=sent, allow_redirects=False) as response:
        return response, await response.read()


async def refused(running: Running, url: str) -> tuple[int, str]:
    """Ask with GET and HEAD, which must agree; give status and code."""
    response, body = await ask(running, url)
    head, _ = await ask(running, url, "HEAD")
    assert head.status == response.status
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    return response.status, json.loads(body)["code"]


async def test_a_link_gives_the_bytes_to_anyone(streaming: Running, remains: Remains) -> None:
    response, body = await ask(streaming, streaming.link(await remains.stored()))
    assert (response.status, body) == (200, CONTENT)
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["ETag"] == f'"{SHA256}"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"] == 'attachment; filename="fox.txt"'
    assert response.headers["Content-Type"] == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Request-ID"]


async def test_head_gives_the_same_headers_and_no_bytes(streaming: Running, remains: Remains) -> None:
    link = streaming.link(await remains.stored())
    get, _ = await ask(streaming, link)
    head, body = await ask(streaming, link, "HEAD")
    own = {"X-Request-ID", "Date"}
    assert (head.status, body) == (200, b"")
    assert {**head.headers, **dict.fromkeys(own)} == {**get.headers, **dict.fromkeys(own)}


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes={SIZE - 1}-{SIZE + 5}", SIZE - 1, SIZE),
        ("bytes=0-", 0, SIZE),
    ],
)
async def test_a_range_gives_its_bytes(streaming: Running, remains: Remains, wanted: str, start: int, end: int) -> None:
    response, body = await ask(streaming, streaming.link(await remains.stored()), Range=wanted)
    assert (response.status, body) == (206, CONTENT[start:end])
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,4-5", "lines=0-1", "bytes=9-1"])
async def test_a_range_of_a_kind_not_served_gives_the_whole(streaming: Running, remains: Remains, wanted: str) -> None:
    response, body = await ask(streaming, streaming.link(await remains.stored()), Range=wanted)
    assert (response.status, body) == (200, CONTENT)
    assert "Content-Range" not in response.headers


async def test_a_range_outside_says_how_long_the_file_is(streaming: Running, remains: Remains) -> None:
    response, _ = await ask(streaming, streaming.link(await remains.stored()), Range=f"bytes={SIZE}-")
    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert response.content_type == "application/problem+json"


async def test_what_a_client_kept_is_not_sent_again(streaming: Running, remains: Remains) -> None:
    file = await remains.stored()
    link = streaming.link(file)
    assert file.uploaded_at is not None
    at = format_datetime(file.uploaded_at.astimezone(UTC), usegmt=True)
    for condition in ({"If_None_Match": f'"{SHA256}"'}, {"If_Modified_Since": at}):
        response, body = await ask(streaming, link, **condition)
        assert (response.status, body) == (304, b"")
        assert response.headers["ETag"] == f'"{SHA256}"'
    response, body = await ask(streaming, link, Range="bytes=0-9", If_Range='"another"')
    assert (response.status, body) == (200, CONTENT)
    assert (await ask(streaming, link, If_Match='"another"'))[0].status == 412


async def test_a_kept_copy_is_asked_about_each_time(streaming: Running, remains: Remains) -> None:
    response, _ = await ask(streaming, streaming.link(await remains.stored()))
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["تقرير.pdf", "年度报告.docx", 'a"b;c.txt', "報" * 85])
async def test_names_arrive_whole(streaming: Running, remains: Remains, name: str) -> None:
    response, _ = await ask(streaming, streaming.link(await remains.stored(filename=name)))
    assert response.status == 200
    assert unquote(response.headers["Content-Disposition"].rpartition("filename*=UTF-8''")[2]) == name


async def test_a_name_starts_no_header(streaming: Running, remains: Remains) -> None:
    response, _ = await ask(streaming, streaming.link(await remains.stored(filename="two\r\nX-Evil: 1.txt")))
    assert response.headers["Content-Disposition"] == 'attachment; filename="two__X-Evil: 1.txt"'
    assert "X-Evil" not in response.headers


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "nonsense"])
async def test_what_a_browser_would_run_is_served_as_bytes(
    streaming: Running, redirecting: Running, remains: Remains, media_type: str
) -> None:
    file = await remains.stored(media_type=media_type)
    response, _ = await ask(streaming, streaming.link(file))
    assert response.headers["Content-Type"] == "application/octet-stream"
    async with redirecting.http.get(redirecting.link(file)) as followed:
        assert followed.headers["Content-Type"] == "application/octet-stream"


async def test_a_link_leads_to_a_presigned_get_of_five_minutes_at_most(redirecting: Running, remains: Remains) -> None:
    link = redirecting.link(await remains.stored(filename="年度.txt"))
    response, _ = await ask(redirecting, link)
    assert response.status == 302
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert 0 < int(query["X-Amz-Expires"][0]) <= 300
    async with redirecting.http.get(link) as followed:
        assert await followed.read() == CONTENT
        assert followed.headers["Content-Disposition"].endswith("filename*=UTF-8''%E5%B9%B4%E5%BA%A6.txt")
    async with redirecting.http.get(link, headers={"Range": "bytes=4-8"}) as followed:
        assert (followed.status, await followed.read()) == (206, CONTENT[4:9])


async def test_head_describes_the_file_even_where_get_is_redirected(redirecting: Running, remains: Remains) -> None:
    response, body = await ask(redirecting, redirecting.link(await remains.stored(filename="a.txt")), "HEAD")
    assert (response.status, body) == (200, b"")
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert "a.txt" in response.headers["Content-Disposition"]


async def test_a_presigned_get_allows_nothing_else(redirecting: Running, remains: Remains) -> None:
    response, _ = await ask(redirecting, redirecting.link(await remains.stored()))
    for method in ("PUT", "DELETE", "POST"):
        other, _ = await ask(redirecting, response.headers["Location"], method)
        assert other.status >= 400
    assert len(await remains.keys()) == 1


async def test_a_presigned_get_does_not_outlive_its_link(redirecting: Running, remains: Remains) -> None:
    link = redirecting.link(await remains.stored(), expires_at=now() + timedelta(seconds=20))
    response, _ = await ask(redirecting, link)
    assert int(parse_qs(urlsplit(response.headers["Location"]).query)["X-Amz-Expires"][0]) <= 20


@pytest.mark.parametrize("left", [timedelta(0), timedelta(milliseconds=-1), timedelta(days=-1)])
async def test_an_expired_link_is_gone(streaming: Running, remains: Remains, left: timedelta) -> None:
    link = streaming.link(await remains.stored(), expires_at=now() + left)
    assert await refused(streaming, link) == (410, "link_expired")


async def test_a_link_works_to_its_last_moments(streaming: Running, remains: Remains) -> None:
    link = streaming.link(await remains.stored(), expires_at=now() + timedelta(seconds=30))
    assert (await ask(streaming, link))[0].status == 200


async def test_raising_the_epoch_revokes_older_links_only(streaming: Running, remains: Remains) -> None:
    file = await remains.stored(link_epoch=2)
    for epoch in (0, 1, 3):
        assert await refused(streaming, streaming.link(file, epoch=epoch)) == (410, "link_revoked")
    assert (await ask(streaming, streaming.link(file, epoch=2)))[0].status == 200


async def test_a_condemned_files_link_is_dead_before_anything_is_destroyed(
    streaming: Running, remains: Remains
) -> None:
    file = await remains.stored()
    assert (await ask(streaming, streaming.link(file)))[0].status == 200
    mark = {"state": FileState.DELETING, "deletion": an_order().model_dump()}
    await remains.database["files"].update_one({"_id": file.id}, {"$set": mark})
    assert await refused(streaming, streaming.link(file)) == (410, "file_deleted")
    assert await refused(streaming, streaming.link(file, expires_at=now() - SOON)) == (410, "file_deleted")


async def test_links_to_deleted_retired_and_never_known_files_are_gone(streaming: Running, remains: Remains) -> None:
    order = an_order()
    deleted = await remains.stored(**condemned(order))
    await remains.deletions().carry_out(order.id)
    retired = await remains.stored(retain_until=now() - timedelta(seconds=1))
    unknown = retired.model_copy(update={"id": uuid4()})
    for file in (deleted, retired, unknown):
        assert await refused(streaming, streaming.link(file)) == (410, "file_deleted")


async def test_a_file_still_arriving_has_no_link(streaming: Running, remains: Remains) -> None:
    file = await remains.file(state=FileState.RECEIVING, receive_until=now() + SOON)
    assert await refused(streaming, streaming.link(file)) == (404, "link_not_found")


@pytest.mark.parametrize("tail", ["", "/", "A", "%00", "%2e%2e%2f", "?x=1#y", "\u0661"])
async def test_an_altered_link_is_no_link(streaming: Running, remains: Remains, tail: str) -> None:
    link = streaming.link(await remains.stored())
    altered = link[:-1] + ("A" if link[-1] != "A" else "B") + tail
    assert await refused(streaming, altered) == (404, "link_not_found")


@pytest.mark.parametrize(
    "token", ["", "x", "test.", "a/b", "." * 300, "..%2f..%2fetc%2fpasswd", "%ff%fe", "test.%F0%9F"]
)
async def test_nonsense_is_no_link(streaming: Running, token: str) -> None:
    assert await refused(streaming, f"{streaming.public}/d/{token}") == (404, "link_not_found")


async def test_a_link_under_a_retired_key_is_no_link(remains: Remains) -> None:
    file = await remains.stored()
    links = remains.settings.links
    both = SecretStr("new:" + "n" * 32 + "," + links.link_keys.get_secret_value())
    only = SecretStr("new:" + "n" * 32)
    for keys, status in ((both, 200), (only, 404)):
        changed = links.model_copy(update={"link_keys": keys})
        async with running_storage(remains.settings.model_copy(update={"links": changed})) as running:
            old = running.link(file).rpartition("/")[0] + "/" + _token(remains, file)
            assert (await ask(running, old))[0].status == status


def _token(remains: Remains, file: FileRecord) -> str:
    assert file.link_expires_at is not None
    return LinkSigner(remains.settings.links).sign(file.id, expires_at=file.link_expires_at, epoch=0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_link_can_only_be_read(streaming: Running, remains: Remains, method: str) -> None:
    response, _ = await ask(streaming, streaming.link(await remains.stored()), method)
    assert response.status == 405


async def test_lost_bytes_are_not_found_and_not_passed_off_as_deleted(streaming: Running, remains: Remains) -> None:
    assert await refused(streaming, streaming.link(await remains.file())) == (404, "object_missing")


async def test_a_large_file_arrives_whole(streaming: Running, remains: Remains) -> None:
    content = b"".join(number.to_bytes(4, "big") for number in range(3_000_000))
    file = await remains.file(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    await remains.put(str(file.id), content)
    _, body = await ask(streaming, streaming.link(file))
    assert hashlib.sha256(body).hexdigest() == file.sha256
    _, body = await ask(streaming, streaming.link(file), Range="bytes=5000000-11999999")
    assert body == content[5_000_000:]


async def test_an_object_shorter_than_its_record_never_looks_whole(streaming: Running, remains: Remains) -> None:
    file = await remains.file(size_bytes=SIZE + 10)
    await remains.put(str(file.id))
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, ConnectionError)):
        await ask(streaming, streaming.link(file))


async def test_a_reader_that_goes_away_does_no_harm(streaming: Running, remains: Remains) -> None:
    content = bytes(30_000_000)
    file = await remains.file(size_bytes=len(content))
    await remains.put(str(file.id), content)
    for _ in range(3):
        response = await streaming.http.get(streaming.link(file))
        await response.content.readexactly(1000)
        response.close()
    assert (await ask(streaming, streaming.link(file), Range="bytes=0-9"))[1] == content[:10]


async def test_a_reader_that_stops_reading_is_cut_off(remains: Remains) -> None:
    content = bytes(40_000_000)
    file = await remains.file(size_bytes=len(content))
    await remains.put(str(file.id), content)
    impatient = remains.settings.downloads.model_copy(update={"stall_timeout": timedelta(milliseconds=200)})
    async with running_storage(remains.settings.model_copy(update={"downloads": impatient})) as running:
        link = urlsplit(running.link(file))
        reader, writer = await asyncio.open_connection(link.hostname, link.port, limit=1024)
        writer.write(f"GET {link.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readline()
        await until_cut(running, writer)
        writer.close()


async def until_cut(running: Running, writer: asyncio.StreamWriter) -> None:
    """Wait, reading nothing, until the service has counted the download as cut off."""
    async with asyncio.timeout(30):
        while b'satchel_links_total{outcome="cut_off"}' not in (await ask(running, f"{running.internal}/metrics"))[1]:
            assert not writer.is_closing()
            await asyncio.sleep(0.05)
