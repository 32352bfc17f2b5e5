"""An OpenAI-compatible model that answers at once with what a test wants, and remembers every prompt."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Refusal:
    """An error as llama.cpp and OpenAI answer it."""

    status: int
    kind: str = "server_error"
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = str | Refusal | Callable[[str], Awaitable[str | Refusal]]


@dataclass
class StubModel:
    """Answers ``reply``: a text, a refusal, or an awaitable function of the prompt that gives one of these."""

    url: str = ""
    reply: Reply = "I have read it."
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def prompts(self) -> list[str]:
        """Everything said to the model, one text per request."""
        return ["\n".join(message["content"] for message in body["messages"]) for body in self.requests]

    @classmethod
    @asynccontextmanager
    async def serving(cls) -> AsyncIterator["StubModel"]:
        """Serve on a free port."""
        stub = cls()
        app = web.Application(client_max_size=1 << 26)
        app.add_routes([web.post("/v1/chat/completions", stub.complete)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield stub
        finally:
            await runner.cleanup()

    async def complete(self, request: web.Request) -> web.Response:
        """Answer one completion."""
        self.requests.append(await request.json())
        reply = await self.reply(self.prompts[-1]) if callable(self.reply) else self.reply
        return _completion(reply) if isinstance(reply, str) else _refused(reply)


def _completion(text: str) -> web.Response:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "stub", "choices": [choice], "usage": usage}
    return web.json_response(body)


def _refused(refusal: Refusal) -> web.Response:
    error = {"message": "no", "type": refusal.kind, "code": refusal.status}
    return web.json_response({"error": error}, status=refusal.status, headers=refusal.headers)
