"""Prove at start that both endpoints lead to the same bucket and that signatures hold on each."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from libs.errors import DependencyUnavailable
from libs.objects.client import Answer, S3Client
from libs.objects.errors import StoreMisconfigured, StoreRefused
from libs.objects.settings import S3Settings

if TYPE_CHECKING:
    from libs.objects.store import ObjectStore

KEY_PREFIX = "self-test-"
"""Objects of the self-test begin with this; one older than a minute was left by a process that died."""

_LIFETIME = timedelta(seconds=60)


async def run(store: "ObjectStore", client: S3Client, settings: S3Settings) -> None:
    """Put an object inside, fetch it outside, remove it; raises ``StoreMisconfigured`` naming the setting at fault."""
    key, content = f"{KEY_PREFIX}{uuid4()}", uuid4().bytes
    try:
        await store.put(key, _once(content), content_type="application/octet-stream", metadata={})
    except DependencyUnavailable as error:
        raise StoreMisconfigured(f"S3_ENDPOINT {settings.endpoint}: {_reason(error)}") from error
    try:
        await _fetch(client, key, content, settings)
    finally:
        await store.delete(key)


async def _fetch(client: S3Client, key: str, content: bytes, settings: S3Settings) -> None:
    setting = "S3_PUBLIC_ENDPOINT" if settings.public_endpoint else "S3_ENDPOINT"
    url = client.presign(key, query={}, expires=_LIFETIME)
    try:
        answer = await client.fetch_public(url)
    except DependencyUnavailable as error:
        raise StoreMisconfigured(f"{setting} {_origin(url)} does not answer.") from error
    if problem := _problem(answer, content):
        raise StoreMisconfigured(f"{setting} {_origin(url)}: {problem}")


def _problem(answer: Answer, content: bytes) -> str:
    match answer.status:
        case 200:
            return "" if answer.text == content else "something else than the object store answers."
        case 403:
            return "the signature is refused; a proxy must pass the Host header and the path on unchanged."
        case 404:
            return "the object is not there; this is another object store or another bucket."
        case status:
            return f"it answers {status}."


def _reason(error: DependencyUnavailable) -> str:
    if isinstance(error, StoreRefused):
        return f"S3 answers {error.status} {error.s3_code}; check keys, bucket and region."
    return "it does not answer."


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
