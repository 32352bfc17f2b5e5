"""A route is data: what is asked, by whom, with which models. One table is both served and described by OpenAPI."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

from libs.errors import AppError
from services.gateway.auth.models import Principal, Scope

PUBLIC_ROOT = "/public/v1/app/{app_id}"

PRINCIPAL = web.RequestKey("principal", Principal)
"""Who calls; set before a guarded handler runs."""

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"

RouteHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of the API.

    ``scope`` is what the caller's key must hold, ``None`` when any valid key will do; ``body`` maps each accepted media
    type to its model; ``files`` names the multipart fields that carry files; ``errors`` are the failures worth
    documenting beside those every route has.
    """

    method: str
    path: str
    handler: RouteHandler
    summary: str
    tag: str
    scope: Scope | None
    answer: type[BaseModel]
    status: int = 200
    query: type[BaseModel] | None = None
    body: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    body_required: bool = True
    files: tuple[str, ...] = ()
    other_answers: tuple[str, ...] = ()
    errors: tuple[type[AppError], ...] = ()
