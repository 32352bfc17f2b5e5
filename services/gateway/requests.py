"""Read what a caller sent into the models that describe it."""

import json
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from libs.errors import AppError
from services.gateway.errors import InvalidRequest, MalformedBody, UnsupportedBodyType
from services.gateway.routing import JSON

M = TypeVar("M", bound=BaseModel)


def read_query(request: web.Request, model: type[M]) -> M:
    """Validate the query string. Raises ``InvalidRequest``."""
    return validate(model, dict(request.query))


async def read_json(request: web.Request, model: type[M]) -> M:
    """Validate a JSON body; an absent body counts as ``{}``.

    Raises ``UnsupportedBodyType``, ``MalformedBody`` or ``InvalidRequest``.
    """
    media_type(request, JSON)
    try:
        body = json.loads(await read_body(request) or b"{}")
    except (ValueError, RecursionError) as error:
        raise MalformedBody("The body is not valid JSON.") from error
    return validate(model, body)


async def read_body(request: web.Request) -> bytes:
    """Read a body of bounded size whole. Raises ``MalformedBody`` when it does not arrive whole and in order."""
    try:
        return await request.read()
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise MalformedBody("The body did not arrive as announced.") from error


def media_type(request: web.Request, *accepted: str) -> str:
    """Return which of the accepted kinds of body this is, JSON if it does not say. Raises ``UnsupportedBodyType``.

    To be asked before the body is read. An empty body is none of any kind: some clients put a content type on it all
    the same.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise UnsupportedBodyType("Send the body as it is, without a Content-Encoding.")
    kind = request.content_type if request.can_read_body and hdrs.CONTENT_TYPE in request.headers else JSON
    if kind not in accepted:
        raise UnsupportedBodyType(f"Send {' or '.join(accepted)}, not {kind}.")
    return kind


def validate(model: type[M], data: Any) -> M:
    """Validate parsed data, naming every field that is wrong. Raises ``InvalidRequest``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "code": fault["type"], "message": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InvalidRequest(errors=faults) from error


def path_uuid(request: web.Request, name: str, unknown: type[AppError]) -> UUID:
    """Read an id from the path; text that is no id is as unknown as an id that does not exist."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise unknown from None
