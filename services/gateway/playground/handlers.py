"""Serve the playground's files, exactly those of the table below, under a policy that allows nothing but them.

Whatever a file name, a document or a model says is shown as text; should a mistake ever let markup through, the policy
keeps it from running, loading or sending anything.
"""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

_FOLDER = Path(__file__).parent
_SCRIPT = "text/javascript; charset=utf-8"
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/playground/style.css": ("style.css", "text/css; charset=utf-8"),
    "/playground/app.js": ("app.js", _SCRIPT),
    "/playground/api.js": ("api.js", _SCRIPT),
    "/playground/chat.js": ("chat.js", _SCRIPT),
    "/playground/dom.js": ("dom.js", _SCRIPT),
    "/playground/files.js": ("files.js", _SCRIPT),
    "/playground/viewer.js": ("viewer.js", _SCRIPT),
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.RouteDef]:
    """Give the route of every file; none needs a key, the page sends the visitor's own with each API call."""
    return [web.get(path, _serve(_FOLDER / name, media_type)) for path, (name, media_type) in _FILES.items()]


def _serve(file: Path, media_type: str) -> Handler:
    async def serve(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(file, headers={**_HEADERS, "Content-Type": media_type})

    return serve
