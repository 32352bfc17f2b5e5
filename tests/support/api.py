"""A caller of the public API, for tests: the few calls that every story needs, answers as plain data."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

ENDED = {"ready", "uploaded", "error"}


@dataclass(frozen=True)
class Answer:
    """A status with its headers and its body, parsed when it is JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The problem's stable code, or an empty string."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Api:
    """Calls one agent of one app with one key."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, app_id: str, agent_id: str, key: str) -> None:
        self.http = http
        self.root = f"{base_url}/public/v1/app/{app_id}"
        self.files = f"{self.root}/files/{agent_id}"
        self.chat = f"{self.root}/chat/{agent_id}"
        self.headers = {"X-API-KEY": key}

    @classmethod
    @asynccontextmanager
    async def open(cls, base_url: str, app_id: str, agent_id: str, key: str) -> AsyncIterator["Api"]:
        """Open a session of its own."""
        timeout = aiohttp.ClientTimeout(total=90)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            yield cls(http, base_url, app_id, agent_id, key)

    async def request(self, method: str, url: str, **options: Any) -> Answer:
        """Send one request; ``headers`` are added to the key's."""
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.http.request(method, url, headers=headers, **options) as response:
            raw = await response.read()
            is_json = "json" in response.content_type
            body = json.loads(raw) if is_json else raw
            return Answer(response.status, response.headers, body)

    async def attach(
        self, name: str, content: bytes, media_type: str = "text/plain", *, wait: float | None = None, **fields: str
    ) -> Answer:
        """Attach a file; further fields follow it in the form."""
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name, content_type=media_type)
        for field, value in fields.items():
            form.add_field(field, value)
        query = {} if wait is None else {"wait": str(wait)}
        return await self.request("POST", f"{self.files}/attach-file", data=form, params=query)

    async def listed(self, **query: str) -> list[Any]:
        """Return the attached files."""
        answer = await self.request("GET", f"{self.files}/attached-files", params=query)
        assert answer.status == 200, answer
        return list(answer.body["files"])

    async def call(self, message: str, **fields: Any) -> Answer:
        """Ask the agent."""
        return await self.request("POST", f"{self.chat}/call", json={"message": message, **fields})

    async def ended(self, file_id: str, *, seconds: float = 30) -> Any:
        """Poll a file until its processing has ended; fail when it has not in time."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.request("GET", f"{self.files}/attached-files/{file_id}")
                assert answer.status == 200, answer
                if answer.body["processing_status"] in ENDED:
                    return answer.body
                await asyncio.sleep(0.1)

    async def download(self, url: str) -> Answer:
        """Open a link as anyone would: without credentials."""
        async with self.http.get(url) as response:
            return Answer(response.status, response.headers, await response.read())
