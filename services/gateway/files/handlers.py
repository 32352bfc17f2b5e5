"""The file operations of the public API."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from aiohttp import web

from libs.logs import REQUEST_ID
from libs.web.responses import json_response
from services.gateway.context import CONTEXT
from services.gateway.errors import InvalidRequest
from services.gateway.files.errors import FileNotFound
from services.gateway.files.form import FormRules, ReceivedForm, receive_form, rehearse_form
from services.gateway.files.models import (
    AttachForm,
    AttachQuery,
    ContentFormat,
    ContentQuery,
    FileChanges,
    FileDetached,
    LinkRequest,
    ListQuery,
)
from services.gateway.files.upload import UploadOptions
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.idempotency.handlers import answer_once
from services.gateway.requests import path_uuid, read_json, read_query, validate
from services.gateway.routing import PRINCIPAL

FILE_FIELD = "file"

_TEXT_TYPES = {ContentFormat.TEXT: "text/plain", ContentFormat.MARKDOWN: "text/markdown"}


async def attach_file(request: web.Request) -> web.Response:
    """``POST /files/{agent_id}/attach-file``."""
    query = read_query(request, AttachQuery)
    rules = FormRules.one_file(request.app[CONTEXT].settings, FILE_FIELD)

    async def produce(fingerprint: Fingerprint | None) -> web.Response:
        async with receive_form(request, request.app[CONTEXT].uploads, rules, fingerprint) as form:
            return await _attached(request, query, form)

    async def rehearse(fingerprint: Fingerprint) -> None:
        await rehearse_form(request, rules, fingerprint)

    return await answer_once(request, produce, rehearse)


async def _attached(request: web.Request, query: AttachQuery, form: ReceivedForm) -> web.Response:
    """Complete the upload with what the fields say, wait as long as was asked, show the file."""
    context, principal = request.app[CONTEXT], request[PRINCIPAL]
    fields = validate(AttachForm, form.fields)
    if not form.received:
        raise InvalidRequest(errors=[{"field": FILE_FIELD, "code": "missing", "message": "a file is needed"}])
    await context.files.check_conversation(principal, _agent(request), fields.conversation_id)
    options = UploadOptions(fields.conversation_id, fields.metadata, fields.skip_extraction)
    file = await context.uploads.complete(form.received[0], options, request_id=REQUEST_ID.get())
    wait = query.bounded(context.settings.default_wait, context.settings.max_wait)
    await context.uploads.wait_ended([file.id], wait)
    return json_response(await context.files.show_new(file))


async def list_files(request: web.Request) -> web.Response:
    """``GET /files/{agent_id}/attached-files``."""
    query = read_query(request, ListQuery)
    files = request.app[CONTEXT].files
    return json_response(await files.list(request[PRINCIPAL], _agent(request), query.conversation_id))


async def show_file(request: web.Request) -> web.Response:
    """``GET /files/{agent_id}/attached-files/{file_id}``."""
    return json_response(await request.app[CONTEXT].files.get(request[PRINCIPAL], _agent(request), _file_id(request)))


async def change_file(request: web.Request) -> web.Response:
    """``PATCH /files/{agent_id}/attached-files/{file_id}``."""
    file_id = _file_id(request)
    changes = await read_json(request, FileChanges)
    files = request.app[CONTEXT].files
    return json_response(await files.change(request[PRINCIPAL], _agent(request), file_id, changes))


async def read_content(request: web.Request) -> web.StreamResponse:
    """``GET /files/{agent_id}/attached-files/{file_id}/content``."""
    query = read_query(request, ContentQuery)
    context = request.app[CONTEXT]
    file, extraction = await context.files.find_with_extraction(request[PRINCIPAL], _agent(request), _file_id(request))
    if query.format is ContentFormat.JSON:
        return json_response(await context.files.content.pages(file, extraction, first=query.page, limit=query.limit))
    text = context.files.content.text(file, extraction, first=query.page, limit=query.limit)
    return await _stream(request, text, _TEXT_TYPES[query.format])


async def link_file(request: web.Request) -> web.Response:
    """``POST /files/{agent_id}/attached-files/{file_id}/link``."""
    file_id = _file_id(request)
    wanted = read_query(request, LinkRequest) if request.query else await read_json(request, LinkRequest)
    lifetime = timedelta(seconds=wanted.expires_in) if wanted.expires_in is not None else None
    return json_response(await request.app[CONTEXT].files.link(request[PRINCIPAL], _agent(request), file_id, lifetime))


async def reprocess_file(request: web.Request) -> web.Response:
    """``POST /files/{agent_id}/attached-files/{file_id}/reprocess``."""
    file = await request.app[CONTEXT].files.reprocess(
        request[PRINCIPAL], _agent(request), _file_id(request), request_id=REQUEST_ID.get()
    )
    return json_response(file)


async def detach_file(request: web.Request) -> web.Response:
    """``DELETE /files/{agent_id}/detach-file/{file_id}``."""
    file_id = _file_id(request)
    receipt = await request.app[CONTEXT].deletions.delete_file(request[PRINCIPAL], _agent(request), file_id)
    return json_response(FileDetached(file_id=file_id, receipt=receipt))


async def _stream(request: web.Request, pieces: AsyncIterator[str], content_type: str) -> web.StreamResponse:
    """Send text as it is read; the first piece is read before the status line, so that its errors become problems."""
    first = await anext(pieces, "")
    response = web.StreamResponse(headers={"X-Content-Type-Options": "nosniff"})
    response.content_type, response.charset = content_type, "utf-8"
    await response.prepare(request)
    await response.write(first.encode())
    async for piece in pieces:
        await response.write(piece.encode())
    await response.write_eof()
    return response


def _agent(request: web.Request) -> str:
    return request.match_info["agent_id"]


def _file_id(request: web.Request) -> UUID:
    return path_uuid(request, "file_id", FileNotFound)
