"""``/openapi.json`` and ``/docs``. The page is Swagger UI, whose files come from a package: no internet is asked."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiohttp import web

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Satchel API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true});\n'


def documentation_routes(document: dict[str, Any]) -> list[web.RouteDef]:
    """Serve the document and the page that shows it."""
    body = json.dumps(document, ensure_ascii=False).encode()

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async def page(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff"}
        return web.Response(text=_PAGE, content_type="text/html", headers=headers)

    async def start(_request: web.Request) -> web.Response:
        return web.Response(text=_START, content_type="text/javascript")

    return [
        web.get("/openapi.json", openapi),
        web.get("/docs", page),
        web.get("/docs/start.js", start),
        *(web.get(f"/docs/{name}", _file(name)) for name in ("swagger-ui.css", "swagger-ui-bundle.js")),
    ]


def _file(name: str) -> Any:
    path = _distribution() / name

    async def serve(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path, headers={"Cache-Control": "public, max-age=86400"})

    return serve


def _distribution() -> Path:
    """Where the package keeps Swagger UI's files; the package itself, a Flask blueprint, is never imported."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package flask-swagger-ui is not installed.")
    return Path(spec.origin).parent / "dist"
