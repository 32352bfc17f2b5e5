"""Conditional and range requests (RFC 9110 §13, §14), for bytes that never change under one address."""

import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import ETag, hdrs, web

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Selection:
    """Which status to answer, and for 200 and 206 which bytes: ``start`` up to, not including, ``end``."""

    status: HTTPStatus
    start: int = 0
    end: int = 0


def select(request: web.Request, *, etag: str, modified_at: datetime, size_bytes: int) -> Selection:
    """Evaluate the request's conditions in the order of RFC 9110 §13.2.2; ``modified_at`` in whole seconds.

    A range of a kind that we do not serve (several ranges, other units, nonsense) is ignored, as §14.2 allows.
    """
    failed = _failed_condition(request, etag, modified_at)
    if failed is not None:
        return Selection(failed)
    if request.method != hdrs.METH_GET or hdrs.RANGE not in request.headers:
        return Selection(HTTPStatus.OK, 0, size_bytes)
    if not _range_still_applies(request, etag, modified_at):
        return Selection(HTTPStatus.OK, 0, size_bytes)
    return _select_range(request.headers[hdrs.RANGE], size_bytes)


def _failed_condition(request: web.Request, etag: str, modified_at: datetime) -> HTTPStatus | None:
    if request.if_match is not None:
        if not _matches(request.if_match, etag, weak_too=False):
            return HTTPStatus.PRECONDITION_FAILED
    elif request.if_unmodified_since is not None and modified_at > request.if_unmodified_since:
        return HTTPStatus.PRECONDITION_FAILED
    if request.if_none_match is not None:
        if _matches(request.if_none_match, etag, weak_too=True):
            return HTTPStatus.NOT_MODIFIED
    elif request.if_modified_since is not None and modified_at <= request.if_modified_since:
        return HTTPStatus.NOT_MODIFIED
    return None


def _matches(offered: tuple[ETag, ...], etag: str, *, weak_too: bool) -> bool:
    return any(tag.value in {etag, "*"} and (weak_too or not tag.is_weak) for tag in offered)


def _range_still_applies(request: web.Request, etag: str, modified_at: datetime) -> bool:
    """``If-Range``: the range holds only for the representation the client has begun to download."""
    condition = request.headers.get(hdrs.IF_RANGE)
    return condition is None or condition.strip() == f'"{etag}"' or request.if_range == modified_at


def _select_range(header: str, size_bytes: int) -> Selection:
    parts = _RANGE.fullmatch(header)
    if parts is None or parts[1] == parts[2] == "":
        return Selection(HTTPStatus.OK, 0, size_bytes)
    if parts[1] == "":
        start, end = max(size_bytes - int(parts[2]), 0), size_bytes
    else:
        start, end = int(parts[1]), min(int(parts[2] or size_bytes - 1) + 1, size_bytes)
        if parts[2] and int(parts[2]) < start:
            return Selection(HTTPStatus.OK, 0, size_bytes)
    if start >= size_bytes:
        return Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, end)
