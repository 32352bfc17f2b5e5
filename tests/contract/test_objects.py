"""The object store's contract, on whatever S3 server the session has."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from yarl import URL

from libs.clock import now
from libs.objects.errors import RangeUnsatisfiable, StoreMisconfigured
from libs.objects.settings import MIB
from libs.objects.store import ObjectMissing, ObjectStore, S3Settings, StoredObject

PART = 5 * MIB


@pytest.fixture(scope="module")
async def settings(s3: S3Settings) -> S3Settings:
    """Give the smallest parts S3 allows, and the same endpoint for inside and outside."""
    return s3.model_copy(update={"part_size_bytes": PART, "public_endpoint": s3.endpoint})


@pytest.fixture(scope="module")
async def store(settings: S3Settings) -> AsyncIterator[ObjectStore]:
    """Give a store whose bucket exists."""
    async with ObjectStore.open(settings) as opened:
        await opened.ensure_bucket()
        yield opened


@pytest.fixture
def key() -> str:
    """Give a key nobody used."""
    return str(uuid4())


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(store: ObjectStore, key: str, content: bytes, metadata: dict[str, str] | None = None) -> StoredObject:
    chunks = stream(content[start : start + 300_000] for start in range(0, len(content), 300_000))
    return await store.put(key, chunks, content_type="text/plain", metadata=metadata or {})


async def read(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    async with store.open_object(key, start=start, end=end) as reader:
        content = b"".join([chunk async for chunk in reader.chunks()])
        assert reader.content_length == len(content)
        return content


def content_of(size: int) -> bytes:
    block = hashlib.sha256(str(size).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, 100_000, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 12_345])
async def test_what_was_put_comes_back(store: ObjectStore, key: str, tmp_path: Path, size: int) -> None:
    content = content_of(size)
    expected = StoredObject(size, hashlib.sha256(content).hexdigest())
    assert await put(store, key, content) == expected
    assert await read(store, key) == content
    assert await store.download(key, tmp_path / "file") == expected
    assert (tmp_path / "file").read_bytes() == content


@pytest.mark.parametrize("size", [10, PART + 1])
async def test_metadata_of_any_text_comes_back(store: ObjectStore, key: str, size: int) -> None:
    metadata = {"filename": "Übersicht  中文 100%\n.pdf ", "app_id": "a-1"}
    before = now() - timedelta(minutes=1)
    stored = await put(store, key, content_of(size), metadata)
    info = await store.find(key)
    assert info is not None
    assert (info.key, info.size_bytes) == (key, size)
    assert before < info.modified_at < now() + timedelta(minutes=1)
    whole = {"sha256": stored.sha256} if size <= PART else {}
    assert dict(info.metadata) == metadata | whole


async def test_parts_of_an_object_can_be_read(store: ObjectStore, key: str) -> None:
    await put(store, key, b"0123456789")
    assert await read(store, key, 3) == b"3456789"
    assert await read(store, key, 0, 1) == b"0"
    assert await read(store, key, 3, 5) == b"34"
    assert await read(store, key, 8, 500) == b"89"
    async with store.open_object(key, start=3, end=5) as reader:
        assert (reader.size_bytes, reader.content_length) == (10, 2)


@pytest.mark.parametrize(("start", "end"), [(10, None), (500, None), (5, 5), (5, 4), (-1, None)])
async def test_a_range_without_bytes_is_refused(store: ObjectStore, key: str, start: int, end: int | None) -> None:
    await put(store, key, b"0123456789")
    with pytest.raises(RangeUnsatisfiable):
        await read(store, key, start, end)


async def test_what_is_missing_is_said_to_be_missing(store: ObjectStore, key: str, tmp_path: Path) -> None:
    assert await store.find(key) is None
    with pytest.raises(ObjectMissing):
        await read(store, key)
    with pytest.raises(ObjectMissing):
        await store.download(key, tmp_path / "file")


async def test_deleting_is_final_and_can_be_repeated(store: ObjectStore, key: str) -> None:
    await put(store, key, b"content")
    await store.delete(key)
    assert await store.find(key) is None
    await store.delete(key)


class Broken(Exception):
    """The source of an upload failed."""


@pytest.mark.parametrize("size", [0, 1000, PART + 1000, 3 * PART])
async def test_a_source_that_fails_leaves_nothing(store: ObjectStore, key: str, size: int) -> None:
    failure = Broken()

    async def chunks() -> AsyncIterator[bytes]:
        yield content_of(size)
        raise failure

    with pytest.raises(Broken) as caught:
        await store.put(key, chunks(), content_type="text/plain", metadata={})
    assert caught.value is failure
    await assert_nothing_left(store, key)


@pytest.mark.parametrize("size", [1000, PART + 1000, 3 * PART])
async def test_an_upload_cancelled_while_it_waits_leaves_nothing(store: ObjectStore, key: str, size: int) -> None:
    waiting = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield content_of(size)
        waiting.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(store.put(key, chunks(), content_type="text/plain", metadata={}))
    await waiting.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    await assert_nothing_left(store, key)


async def assert_nothing_left(store: ObjectStore, key: str) -> None:
    assert await store.find(key) is None
    assert [upload async for upload in store.list_uploads() if upload.key == key] == []


async def test_unfinished_uploads_are_listed_and_can_be_aborted(store: ObjectStore, key: str) -> None:
    before = now() - timedelta(minutes=1)
    upload_id = await begin_upload(store, key)
    [unfinished] = [upload async for upload in store.list_uploads() if upload.key == key]
    assert unfinished.upload_id == upload_id
    assert before < unfinished.started_at < now() + timedelta(minutes=1)
    await store.abort_upload(key, upload_id)
    assert [upload async for upload in store.list_uploads() if upload.key == key] == []
    await store.abort_upload(key, upload_id)


async def begin_upload(store: ObjectStore, key: str) -> str:
    answer = await store._client.request("POST", key, query={"uploads": ""})
    return answer.text.decode().partition("<UploadId>")[2].partition("</UploadId>")[0]


async def test_listing_goes_on_past_a_page_and_can_be_resumed(s3: S3Settings) -> None:
    async with ObjectStore.open(s3.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"})) as store:
        await store.ensure_bucket()
        keys = [f"{number:04}" for number in range(1003)]
        for start in range(0, len(keys), 50):
            await asyncio.gather(*(put(store, key, key.encode()) for key in keys[start : start + 50]))
        listed = [info async for info in store.list()]
        assert [info.key for info in listed] == keys
        assert {(info.size_bytes, len(info.metadata)) for info in listed} == {(4, 0)}
        assert [info.key async for info in store.list(after="0999")] == ["1000", "1001", "1002"]
        async with aclosing(store.list()) as objects:  # type: ignore[type-var]  # declared an iterator, is a generator
            assert (await anext(objects)).key == "0000"


@pytest.mark.parametrize("strange", ["a b+c", "ü/中", "%41", "a&b<c>", "x=y?z#"])
async def test_keys_of_others_are_listed_as_they_are(store: ObjectStore, strange: str) -> None:
    await put(store, strange, b"x")
    assert strange in [info.key async for info in store.list()]
    assert await read(store, strange) == b"x"
    await store.delete(strange)
    assert await store.find(strange) is None


async def get(url: str) -> tuple[int, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
        return response.status, dict(response.headers), await response.read()


async def test_a_signed_address_serves_the_object_under_the_headers_asked_for(store: ObjectStore, key: str) -> None:
    await put(store, key, b"content")
    disposition = "attachment; filename=\"a b.pdf\"; filename*=UTF-8''%C3%BC%20b.pdf"
    url = store.sign_get(key, expires=timedelta(minutes=1), filename_header=disposition, content_type="application/pdf")
    status, headers, content = await get(url)
    assert (status, content) == (200, b"content")
    assert headers["Content-Disposition"] == disposition
    assert headers["Content-Type"] == "application/pdf"


async def test_a_signed_address_cannot_be_changed(store: ObjectStore, key: str) -> None:
    await put(store, key, b"content")
    await put(store, f"{key}-other", b"secret")
    url = store.sign_get(key, expires=timedelta(minutes=1), filename_header="attachment", content_type="text/plain")
    assert (await get(url.replace(key, f"{key}-other")))[0] == 403
    assert (await get(url.replace("text%2Fplain", "text%2Fhtml")))[0] == 403
    assert (await get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600")))[0] == 403


async def test_a_signed_address_dies(store: ObjectStore, key: str) -> None:
    await put(store, key, b"content")
    url = store.sign_get(key, expires=timedelta(seconds=1), filename_header="attachment", content_type="text/plain")
    async with asyncio.timeout(10):
        while (await get(url))[0] == 200:  # noqa: ASYNC110 - the server does not tell us
            await asyncio.sleep(0.1)
    assert (await get(url))[0] == 403


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(days=7, seconds=1), timedelta(days=30)])
async def test_no_signed_address_lives_longer_than_s3_allows(store: ObjectStore, expires: timedelta) -> None:
    with pytest.raises(ValueError, match="7 days"):
        store.sign_get("key", expires=expires, filename_header="attachment", content_type="text/plain")


async def test_the_bucket_can_be_ensured_by_many_at_once(s3: S3Settings) -> None:
    async with ObjectStore.open(s3.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"})) as store:
        await asyncio.gather(*(store.ensure_bucket() for _ in range(4)))
        await store.ping()


async def test_the_self_test_passes_and_cleans_up(store: ObjectStore) -> None:
    await store.self_test()
    assert [info.key async for info in store.list() if info.key.startswith("self-test-")] == []


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"secret_key": "wrong"}, "S3_ENDPOINT"),
        ({"endpoint": "http://127.0.0.1:1"}, "S3_ENDPOINT"),
        ({"public_endpoint": "http://127.0.0.1:1"}, "S3_PUBLIC_ENDPOINT"),
    ],
)
async def test_the_self_test_names_the_setting_that_is_wrong(
    settings: S3Settings, changes: dict[str, str], setting: str
) -> None:
    wrong = S3Settings.model_validate(settings.model_dump() | changes)
    async with ObjectStore.open(wrong) as store:
        with pytest.raises(StoreMisconfigured, match=rf"^{setting} "):
            await store.self_test()
