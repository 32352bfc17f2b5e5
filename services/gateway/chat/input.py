"""Read a turn from whatever body it comes in: JSON, a URL-encoded form, or a multipart form with files."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from services.gateway.chat.models import TurnRequest
from services.gateway.errors import InvalidRequest, MalformedBody
from services.gateway.files.deadline import upload_deadline
from services.gateway.files.form import FormRules, ReceivedForm, receive_form, rehearse_form
from services.gateway.files.multipart import FileField, FormLimits, read_form
from services.gateway.files.upload import UploadService
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.requests import media_type, read_body, validate
from services.gateway.routing import FORM, JSON, MULTIPART
from services.gateway.settings import Settings

FILES_FIELD = "files"
_MAX_FIELDS = 16
_MAX_TEXT_BYTES = 64 * 1024
_KINDS = (JSON, FORM, MULTIPART)
_TWICE = "A field of the form comes twice."


@asynccontextmanager
async def read_turn(
    request: web.Request, uploads: UploadService, settings: Settings, fingerprint: Fingerprint | None
) -> AsyncIterator[tuple[TurnRequest, ReceivedForm]]:
    """Give the request and the files that came with it; when the block fails, files it did not complete are discarded.

    Raises ``UnsupportedBodyType``, ``MalformedBody``, ``InvalidRequest`` and what ``receive_form`` raises.
    """
    if media_type(request, *_KINDS) == MULTIPART:
        async with receive_form(request, uploads, FormRules.many_files(settings, FILES_FIELD), fingerprint) as form:
            yield validate(TurnRequest, form.fields), form
    else:
        yield validate(TurnRequest, await _small_body(request, fingerprint)), ReceivedForm()


async def rehearse_turn(request: web.Request, settings: Settings, fingerprint: Fingerprint) -> None:
    """Read the body into a fingerprint and do nothing else."""
    if media_type(request, *_KINDS) == MULTIPART:
        await rehearse_form(request, FormRules.many_files(settings, FILES_FIELD), fingerprint)
    else:
        await _small_body(request, fingerprint)


async def read_fields(request: web.Request, settings: Settings) -> Any:
    """Parse a body of any of the three kinds that carries no files; an absent body is an empty object.

    Raises ``UnsupportedBodyType``, ``MalformedBody``, a ``FormError``, and ``InvalidRequest`` for a file.
    """
    if media_type(request, *_KINDS) == MULTIPART:
        return await _text_fields(request, settings)
    return await _small_body(request, None)


async def _small_body(request: web.Request, fingerprint: Fingerprint | None) -> Any:
    """Parse a JSON body, or the fields of a URL-encoded one; an absent body is an empty object."""
    kind = media_type(request, *_KINDS)  # before the body is read: afterwards none is left to have a kind
    raw = await read_body(request)
    body = _fields(raw) if kind == FORM else _json(raw)
    if fingerprint is not None:
        fingerprint.add_json(body)
        fingerprint.finish()
    return body


async def _text_fields(request: web.Request, settings: Settings) -> dict[str, str]:
    """Read a multipart form that has no place for files."""
    fields: dict[str, str] = {}
    limits = FormLimits(max_parts=_MAX_FIELDS, max_text_bytes=_MAX_TEXT_BYTES, idle_timeout=settings.idle_timeout)
    async with upload_deadline(settings.receive_deadline), aclosing(read_form(request, limits)) as parts:
        async for part in parts:
            if isinstance(part, FileField):
                fault = {"field": part.name[:64], "code": "wrong_field", "message": "no file is expected here"}
                raise InvalidRequest(errors=[fault])
            if part.name in fields:
                raise MalformedBody(_TWICE)
            fields[part.name] = part.value
    return fields


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
        raise MalformedBody(_TWICE)
    return fields
