"""The playground's files: where they are served, under which policy, and that none of them builds markup."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.gateway import playground
from services.gateway.playground.handlers import routes

FOLDER = Path(playground.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.js"))


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(routes())
    async with TestClient(TestServer(app)) as one:
        yield one


async def test_the_page_and_everything_it_asks_for_is_served(
    client: TestClient[web.Request, web.Application],
) -> None:
    page = await (await client.get("/")).text()
    wanted = re.findall(r'(?:src|href)="(/playground/[^"]+)"', page)
    wanted += [
        f"/playground/{name}" for script in SCRIPTS for name in re.findall(r'from "\./(.+)"', script.read_text())
    ]

    assert len(set(wanted)) == len(SCRIPTS) + 1
    for path in wanted:
        answer = await client.get(path)
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        assert (answer.status, answer.content_type) == (200, kind), path


@pytest.mark.parametrize("path", ["/", "/playground/app.js"])
async def test_nothing_but_our_own_files_may_run_load_or_be_called(
    client: TestClient[web.Request, web.Application], path: str
) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/playground/handlers.py", "/playground/", "/playground/..%2Fsettings.py"])
async def test_no_other_file_is_served(client: TestClient[web.Request, web.Application], path: str) -> None:
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_turns_text_into_markup_or_code(script: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", script.read_text()
    )


def test_the_page_has_no_inline_script_style_or_foreign_address() -> None:
    page = (FOLDER / "index.html").read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
