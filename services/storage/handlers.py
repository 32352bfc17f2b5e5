"""``GET`` and ``HEAD /d/{token}``: the download link. Needs no credentials; the token is one."""

import asyncio
import logging
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus

from aiohttp import hdrs, web

from libs.errors import AppError
from libs.links.tokens import LinkForged
from libs.logs import REQUEST_ID
from libs.objects.store import ObjectMissing, ObjectReader
from libs.web.problems import Problem
from services.storage.context import CONTEXT, Context
from services.storage.downloads import Download
from services.storage.errors import DownloadBroken
from services.storage.metrics import LINKS
from services.storage.preconditions import Selection, select

_log = logging.getLogger(__name__)

_ALWAYS = {
    hdrs.CACHE_CONTROL: "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare`` signal: nothing served here runs, is sniffed, leaks its address or is kept by a cache."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)


async def download(request: web.Request) -> web.StreamResponse:
    """Redirect to the object store where clients reach it, else answer with the bytes.

    HEAD is always answered here: a URL presigned for GET refuses it.
    """
    context = request.app[CONTEXT]
    try:
        found = await context.downloads.resolve(request.match_info["token"])
        if context.downloads.redirects and request.method != hdrs.METH_HEAD:
            return _redirect(context, found)
        return await _answer(request, context, found)
    except ObjectMissing:
        # Deleted between our two looks: say so. Otherwise bytes are lost, which the reconciler reports as well.
        await context.downloads.resolve(request.match_info["token"])
        _log.error("a stored file has no object")
        LINKS.labels("object_missing").inc()
        raise
    except AppError as error:
        LINKS.labels(error.code).inc()
        raise


def _redirect(context: Context, found: Download) -> web.Response:
    LINKS.labels("redirected").inc()
    return web.Response(status=HTTPStatus.FOUND, headers={hdrs.LOCATION: context.downloads.redirect_url(found)})


async def _answer(request: web.Request, context: Context, found: Download) -> web.StreamResponse:
    selection = select(request, etag=found.file.sha256, modified_at=found.modified_at, size_bytes=found.file.size_bytes)
    headers = _validators(found)
    if selection.status == HTTPStatus.NOT_MODIFIED:
        LINKS.labels("not_modified").inc()
        return web.Response(status=selection.status, headers=headers)
    if selection.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        LINKS.labels("refused").inc()
        return _refusal(request, found, selection.status)
    headers |= {hdrs.CONTENT_TYPE: found.content_type, hdrs.CONTENT_DISPOSITION: found.disposition}
    response = web.StreamResponse(status=selection.status, headers=headers)
    response.content_length = selection.end - selection.start
    if selection.status == HTTPStatus.PARTIAL_CONTENT:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {selection.start}-{selection.end - 1}/{found.file.size_bytes}"
    if request.method == hdrs.METH_HEAD:
        await context.downloads.require_object(found)
        LINKS.labels("described").inc()
        return response
    return await _stream(request, response, context, found, selection)


def _validators(found: Download) -> dict[str, str]:
    return {
        hdrs.ETAG: f'"{found.file.sha256}"',
        hdrs.LAST_MODIFIED: format_datetime(found.modified_at, usegmt=True),
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: "private, no-cache",  # kept, but asked again each time: deleted means gone
    }


async def _stream(
    request: web.Request, response: web.StreamResponse, context: Context, found: Download, selection: Selection
) -> web.StreamResponse:
    """Send the bytes. What goes wrong after the first of them cuts the connection: a short file must not look whole."""
    async with context.downloads.open(found, selection.start, selection.end) as reader:
        await response.prepare(request)
        try:
            await _copy(reader, response, context.settings.downloads.stall_timeout)
        except (AppError, OSError, TimeoutError, DownloadBroken) as error:
            _log.warning("download cut off", extra={"error": repr(error)})
            LINKS.labels("cut_off").inc()
            if request.transport is not None:
                request.transport.abort()
            return response
    LINKS.labels("streamed").inc()
    return response


async def _copy(reader: ObjectReader, response: web.StreamResponse, stall_timeout: timedelta) -> None:
    left = response.content_length or 0
    async for chunk in reader.chunks():
        left -= len(chunk)
        async with asyncio.timeout(stall_timeout.total_seconds()):
            await response.write(chunk)
    if left:
        raise DownloadBroken(f"{left} bytes are missing")
    await response.write_eof()


def _refusal(request: web.Request, found: Download, status: HTTPStatus) -> web.Response:
    """412 or 416 as a problem document; a refused range learns how long the file is (RFC 9110 §15.5.17)."""
    code = status.phrase.lower().replace(" ", "_")
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=status.description,
        instance=request.path,
        code=code,
        request_id=REQUEST_ID.get(),
    )
    headers = {hdrs.CONTENT_RANGE: f"bytes */{found.file.size_bytes}"} if "range" in code else {}
    body = problem.model_dump_json().encode()
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)


async def no_such_link(_request: web.Request) -> web.StreamResponse:
    """Answer whatever does not even look like a token as what it is: a link that we never made."""
    LINKS.labels(LinkForged.code).inc()
    raise LinkForged


ROUTES = (
    web.get("/d/{token}", download, allow_head=True),
    web.get("/d/{anything:.*}", no_such_link, allow_head=True),
)
