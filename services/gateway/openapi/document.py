"""Describe the route tables as an OpenAPI 3.1 document, from the same models that validate and answer."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from libs.errors import AppError, DependencyUnavailable
from libs.web.problems import STATUS, Problem
from services.gateway.auth.errors import (
    AgentNotFound,
    ApiKeyExpired,
    AppNotFound,
    AuthenticationRequired,
    InvalidApiKey,
    ScopeMissing,
)
from services.gateway.auth.guard import API_KEY_HEADER
from services.gateway.errors import InvalidRequest, MalformedBody
from services.gateway.limits.errors import RateLimited
from services.gateway.routing import FORM, MULTIPART, Route

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]

_EVERYWHERE: tuple[type[AppError], ...] = (
    AuthenticationRequired,
    InvalidApiKey,
    ApiKeyExpired,
    ScopeMissing,
    AppNotFound,
    RateLimited,
    DependencyUnavailable,
)
_WITH_INPUT: tuple[type[AppError], ...] = (MalformedBody, InvalidRequest)
_BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
_AS_JSON: Schema = {"type": "string", "contentMediaType": "application/json"}
_UUID_PARAMETERS = ("file_id", "conversation_id")


def openapi_document(routes: Iterable[Route], *, title: str, version: str, description: str) -> Schema:
    """Return the document as plain data, ready for JSON."""
    routes = tuple(routes)
    references, definitions = _schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"api_key": {"type": "apiKey", "in": "header", "name": API_KEY_HEADER}},
        },
        "security": [{"api_key": []}],
    }


def _schemas(routes: Iterable[Route]) -> tuple[Mapping[tuple[type[BaseModel], Mode], Schema], Schema]:
    """Collect every model once; return a reference for each and the shared definitions."""
    models: dict[tuple[type[BaseModel], Mode], None] = {(Problem, "serialization"): None}
    for route in routes:
        models[route.answer, "serialization"] = None
        for model in (*route.body.values(), *([route.query] if route.query else [])):
            models[model, "validation"] = None
    references, schema = models_json_schema(list(models), ref_template="#/components/schemas/{model}")
    return {(model, mode): references[model, mode] for model, mode in models}, schema.get("$defs", {})


def _operation(route: Route, references: Mapping[tuple[type[BaseModel], Mode], Schema]) -> Schema:
    media = ("application/json", *route.other_answers)
    answer = references[route.answer, "serialization"]
    content = {kind: {"schema": answer if kind == "application/json" else {"type": "string"}} for kind in media}
    operation: Schema = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route)],
        "responses": {str(route.status): {"description": "The answer.", "content": content}, **_problems(route)},
    }
    if route.body:
        operation["requestBody"] = {
            "required": route.body_required,
            "content": {kind: {"schema": _body(route, kind, references)} for kind in route.body},
        }
    return operation


def _body(route: Route, kind: str, references: Mapping[tuple[type[BaseModel], Mode], Schema]) -> Schema:
    """Return the body's schema; in forms the fields that carry files stand beside the model's own."""
    model = route.body[kind]
    if kind not in {FORM, MULTIPART}:
        return references[model, "validation"]
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    properties = schema.setdefault("properties", {})
    for name, field in properties.items():
        if _is_structured(field, definitions):
            properties[name] = {**_AS_JSON, "description": field.get("description", "")}
    for name in route.files if kind == MULTIPART else ():
        several = name.endswith("s")
        properties[name] = {"type": "array", "items": _BINARY} if several else _BINARY
        if not several:
            schema.setdefault("required", []).append(name)
    return schema


def _is_structured(field: Schema, definitions: Schema) -> bool:
    """Whether a field holds a list or an object, which in a form is JSON text."""
    kinds = [field, *field.get("anyOf", [])]
    kinds += [definitions.get(kind["$ref"].rsplit("/", 1)[-1], {}) for kind in kinds if "$ref" in kind]
    return any(kind.get("type") in {"array", "object"} for kind in kinds)


def _path_parameters(path: str) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if name in _UUID_PARAMETERS else {})},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(route: Route) -> list[Schema]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template="#/components/schemas/{model}")
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _problems(route: Route) -> Schema:
    """Group the errors a route can answer by status, each with its codes."""
    errors = [*_EVERYWHERE, *route.errors]
    if "{agent_id}" in route.path:
        errors.append(AgentNotFound)
    if route.body or route.query:
        errors.extend(_WITH_INPUT)
    by_status: dict[str, list[type[AppError]]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(str(int(STATUS[error.kind])), []).append(error)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": " · ".join(f"`{error.code}`: {error.title}" for error in group), "content": content}
        for status, group in sorted(by_status.items())
    }


def _operation_id(route: Route) -> str:
    """Name an operation after its path; the app and the agent stand in nearly every one and say nothing."""
    path = re.sub(r"/{(?:app_id|agent_id)}", "", route.path.removeprefix("/public/v1/app"))
    return "_".join([route.method.lower(), *re.findall(r"\w+", path.replace("-", "_"))])
