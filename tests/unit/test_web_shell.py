"""The shell of every HTTP answer: request ids, problem documents, health."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pymongo.errors import ServerSelectionTimeoutError

from libs.errors import AppError, Kind
from libs.web.health import Probe, health_app
from libs.web.server import public_app


class Refused(AppError):
    """Stands for any of our own errors."""

    kind, code, title = Kind.RATE_LIMITED, "refused", "Not now."


async def refuse(_request: web.Request) -> web.Response:
    raise Refused("Later.", retry_after=timedelta(seconds=1.2), field="x")


async def lose_database(_request: web.Request) -> web.Response:
    raise ServerSelectionTimeoutError("no server")


async def crash(_request: web.Request) -> web.Response:
    raise RuntimeError("secret detail")


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = public_app(max_body_bytes=100)
    app.add_routes([web.get("/refuse", refuse), web.get("/database", lose_database), web.get("/crash", crash)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_an_error_of_ours_becomes_a_problem_with_its_code_and_retry_after(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get("/refuse")
    body = await answer.json(content_type="application/problem+json")
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "2"
    assert body == {
        "type": "about:blank",
        "title": "Not now.",
        "status": 429,
        "detail": "Later.",
        "instance": "/refuse",
        "code": "refused",
        "request_id": answer.headers["X-Request-ID"],
        "field": "x",
    }


async def test_a_lost_database_is_503_with_retry_after(client: TestClient[web.Request, web.Application]) -> None:
    answer = await client.get("/database")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert (await answer.json(content_type=None))["code"] == "dependency_unavailable"


async def test_an_unexpected_error_says_one_fixed_sentence(client: TestClient[web.Request, web.Application]) -> None:
    answer = await client.get("/crash")
    assert answer.status == 500
    assert "secret detail" not in await answer.text()


@pytest.mark.parametrize(
    ("path", "method", "code"), [("/nowhere", "GET", "not_found"), ("/crash", "PUT", "method_not_allowed")]
)
async def test_unknown_routes_and_methods_are_problems_too(
    client: TestClient[web.Request, web.Application], path: str, method: str, code: str
) -> None:
    answer = await client.request(method, path)
    assert answer.content_type == "application/problem+json"
    assert (await answer.json(content_type=None))["code"] == code


@pytest.mark.parametrize(("offered", "kept"), [("abc-1", True), ("a b", False), ("x" * 200, False), ("ü", False)])
async def test_a_harmless_request_id_is_kept_and_any_other_replaced(
    client: TestClient[web.Request, web.Application], offered: str, *, kept: bool
) -> None:
    answer = await client.get("/refuse", headers={"X-Request-ID": offered})
    assert (answer.headers["X-Request-ID"] == offered) is kept
    assert answer.headers["X-Request-ID"]


async def fine() -> None:
    """Answer like a healthy dependency."""


async def broken() -> None:
    raise ConnectionError


@pytest.mark.parametrize(
    ("probes", "status"),
    [
        ({"a": Probe(fine), "b": Probe(fine)}, 200),
        ({"a": Probe(fine), "b": Probe(broken)}, 503),
        ({"a": Probe(fine), "b": Probe(broken, required=False)}, 200),
    ],
)
async def test_a_service_is_ready_when_its_required_dependencies_answer(probes: dict[str, Probe], status: int) -> None:
    async with TestClient(TestServer(health_app(probes))) as client:
        answer = await client.get("/readyz")
        assert answer.status == status
        assert (await answer.json())["checks"]["b"] is (probes["b"].check is fine)
        assert (await client.get("/healthz")).status == 200
        assert "python_info" in await (await client.get("/metrics")).text()
