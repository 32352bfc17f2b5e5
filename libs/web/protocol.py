"""Answer what is not HTTP at all without repeating it: not to the client, not to the log.

aiohttp puts the offending line into its answer and, with a traceback, into its log; that line may hold an API key or a
piece of a document, and anybody may send one. aiohttp has no setting for either: its connection gets our method.
"""

import logging
from http import HTTPStatus
from uuid import uuid4

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import BaseRequest

from libs.web.problems import Problem
from libs.web.request_id import HEADER

_log = logging.getLogger(__name__)

_DETAIL = "The request is not valid HTTP, or one of its lines is too long."


class PlainRunner(web.AppRunner):
    """Runs an application on connections that keep what they cannot parse to themselves."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _PlainServer
        return server


class _PlainServer(web.Server):
    __slots__ = ()

    def __call__(self) -> web.RequestHandler:
        connection = super().__call__()
        connection.__class__ = _PlainConnection
        return connection


class _PlainConnection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a fixed problem for a request that aiohttp could not parse; anything else is aiohttp's to answer."""
        if not isinstance(exc, HttpProcessingError) or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        request_id = uuid4().hex
        _log.info("request not understood", extra={"cause": type(exc).__name__, "request_id": request_id})
        problem = Problem(
            title=HTTPStatus.BAD_REQUEST.phrase,
            status=HTTPStatus.BAD_REQUEST,
            detail=_DETAIL,
            instance="",
            code="malformed_request",
            request_id=request_id,
        )
        response = web.Response(
            status=HTTPStatus.BAD_REQUEST,
            body=problem.model_dump_json().encode(),
            content_type="application/problem+json",
            headers={HEADER: request_id},
        )
        response.force_close()
        return response
