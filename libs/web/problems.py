"""Errors become ``application/problem+json`` (RFC 9457) here and nowhere else."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field

from libs.errors import AppError, DependencyUnavailable, Kind
from libs.logs import REQUEST_ID
from libs.mongo.database import OUTAGES

_log = logging.getLogger(__name__)

STATUS: Mapping[Kind, HTTPStatus] = {
    Kind.MALFORMED: HTTPStatus.BAD_REQUEST,
    Kind.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.GONE: HTTPStatus.GONE,
    Kind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Kind.UNSUPPORTED_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UPSTREAM_FAILED: HTTPStatus.BAD_GATEWAY,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.UPSTREAM_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
}

_FIXED_500 = "Something went wrong on our side; the request id names it in our logs."


class Problem(BaseModel):
    """An error as RFC 9457 describes it, with a stable ``code`` to program against."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("about:blank", description="identifies the kind of problem")
    title: str = Field(description="one fixed sentence per kind of problem")
    status: int = Field(description="the HTTP status again")
    detail: str = Field(description="what happened this time")
    instance: str = Field(description="the path that was asked")
    code: str = Field(description="stable, snake_case")
    request_id: str = Field(description="the same as X-Request-ID")


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem document; log what we did not expect."""
    try:
        return await handler(request)
    except AppError as error:
        return problem_response(request, error)
    except OUTAGES as error:
        _log.warning("database unavailable", extra={"error": type(error).__name__})
        return problem_response(request, DependencyUnavailable("database"))
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        return _http_problem(request, answer)
    except Exception:  # noqa: BLE001 - the last place that can answer; the traceback is logged
        _log.exception("unhandled error")
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return _answer(request, status, code="internal_error", title=status.phrase, detail=_FIXED_500)


def problem_response(request: web.Request, error: AppError) -> web.Response:
    """Describe an ``AppError``; its ``retry_after`` becomes the header, in whole seconds."""
    response = _answer(
        request, STATUS[error.kind], code=error.code, title=error.title, detail=str(error), **error.extra
    )
    if error.kind is Kind.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = 'ApiKey realm="satchel"'  # RFC 9110 §11.6.1
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after.total_seconds()))
    return response


def _http_problem(request: web.Request, answer: web.HTTPException) -> web.Response:
    """Give aiohttp's own refusals (no such route, wrong method, body too large) the same shape."""
    status = HTTPStatus(answer.status)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    response = _answer(request, status, code=code, title=status.phrase, detail=answer.reason)
    if "Allow" in answer.headers:
        response.headers["Allow"] = answer.headers["Allow"]
    return response


def _answer(
    request: web.Request, status: HTTPStatus, *, code: str, title: str, detail: str, **extra: Any
) -> web.Response:
    problem = Problem(
        title=title,
        status=status,
        detail=detail,
        instance=request.path,
        code=code,
        request_id=REQUEST_ID.get(),
        **extra,
    )
    response = web.Response(
        body=problem.model_dump_json().encode(), status=status, content_type="application/problem+json"
    )
    if not request.content.is_eof():
        # The rest of a refused body is not worth reading: the connection ends with this answer.
        response.force_close()
    return response
