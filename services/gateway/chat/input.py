"""Read a turn from whatever body it comes in: JSON, a URL-encoded form, or a multipart form with files."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from services.gateway.chat.models import TurnRequest
from services.gateway.errors import MalformedBody, UnsupportedBodyType
from services.gateway.files.form import FormRules, ReceivedForm, receive_form, rehearse_form
from services.gateway.files.upload import UploadService
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.requests import validate
from services.gateway.routing import FORM, JSON, MULTIPART
from services.gateway.settings import Settings

FILES_FIELD = "files"
_MAX_FIELDS = 16


@asynccontextmanager
async def read_turn(
    request: web.Request, uploads: UploadService, settings: Settings, fingerprint: Fingerprint | None
) -> AsyncIterator[tuple[TurnRequest, ReceivedForm]]:
    """Give the request and the files that came with it; when the block fails, files it did not complete are discarded.

    Raises ``UnsupportedBodyType``, ``MalformedBody``, ``InvalidRequest`` and what ``receive_form`` raises.
    """
    if media_type(request) == MULTIPART:
        async with receive_form(request, uploads, FormRules.many_files(settings, FILES_FIELD), fingerprint) as form:
            yield validate(TurnRequest, form.fields), form
    else:
        yield validate(TurnRequest, await read_small_body(request, fingerprint)), ReceivedForm()


async def rehearse_turn(request: web.Request, settings: Settings, fingerprint: Fingerprint) -> None:
    """Read the body into a fingerprint and do nothing else."""
    if media_type(request) == MULTIPART:
        await rehearse_form(request, FormRules.many_files(settings, FILES_FIELD), fingerprint)
    else:
        await read_small_body(request, fingerprint)


async def read_small_body(request: web.Request, fingerprint: Fingerprint | None = None) -> Any:
    """Parse a JSON body, or the fields of a URL-encoded one; an absent body is an empty object."""
    kind = media_type(request)  # before the body is read: afterwards none is left to have a kind
    raw = await request.read()
    body = _fields(raw) if kind == FORM else _json(raw)
    if fingerprint is not None:
        fingerprint.add_json(body)
        fingerprint.finish()
    return body


def media_type(request: web.Request) -> str:
    """Return which of the three kinds of body this is, JSON if it does not say. Raises ``UnsupportedBodyType``.

    An empty body is none of any kind: some clients put a content type on it all the same.
    """
    kind = request.content_type if request.can_read_body and hdrs.CONTENT_TYPE in request.headers else JSON
    if kind not in {JSON, FORM, MULTIPART}:
        raise UnsupportedBodyType(f"Send {JSON}, {FORM} or {MULTIPART}, not {kind}.")
    return kind


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise MalformedBody("The body is not valid JSON.") from error


def _fields(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedBody("The body is not a valid URL-encoded form.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedBody("A field of the form comes twice.")
    return fields
