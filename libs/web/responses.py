"""Answers made from the same models that describe them in the OpenAPI document."""

from aiohttp import web
from pydantic import BaseModel


def json_response(model: BaseModel, *, status: int = 200) -> web.Response:
    """Answer with a model as JSON; times are RFC 3339 in UTC."""
    return web.Response(body=model.model_dump_json().encode(), status=status, content_type="application/json")
