"""The one place that talks to the model: the official ``openai`` client against any compatible endpoint."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Self

from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, BadRequestError, RateLimitError
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from services.gateway.chat.errors import ModelBusy, ModelFailed, ModelTimeout
from services.gateway.settings import ModelSettings

_DEFAULT_RETRY = timedelta(seconds=5)
_LONGEST_RETRY_SECONDS = 3600
_OVERFLOW = {"exceed_context_size_error", "context_length_exceeded"}
"""How llama.cpp (``type``) and OpenAI (``code``) say that a prompt is too long."""


class ContextOverflow(Exception):
    """The prompt was longer than the model's context: token counts are estimates. Ask again with less."""


Speaker = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Told:
    """One message of a prompt."""

    role: Speaker
    text: str


@dataclass(frozen=True)
class Answered:
    """What the model said and what it cost, in its own count of tokens."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int


class ModelClient:
    """Asks the model, repeating what may be repeated, within one deadline for everything."""

    def __init__(self, client: AsyncOpenAI, settings: ModelSettings) -> None:
        self._client = client
        self._settings = settings

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: ModelSettings) -> AsyncIterator[Self]:
        """Open the client's connections; the endpoint need not be up."""
        client = AsyncOpenAI(
            base_url=settings.base_url,
            api_key=settings.api_key.get_secret_value(),
            timeout=settings.timeout.total_seconds(),
            max_retries=settings.retries,
        )
        async with client:
            yield cls(client, settings)

    async def answer(
        self, messages: Sequence[Told], *, model: str | None, temperature: float, max_tokens: int
    ) -> Answered:
        """Return the model's answer.

        Raises ``ContextOverflow``, ``ModelTimeout``, ``ModelBusy`` (with the endpoint's ``Retry-After``) and
        ``ModelFailed``.
        """
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                completion = await self._client.chat.completions.create(
                    model=model or self._settings.name,
                    messages=[_parameter(message) for message in messages],
                    temperature=temperature,
                    max_tokens=max_tokens,
                )
        except (TimeoutError, APITimeoutError) as error:
            raise ModelTimeout from error
        except APIConnectionError as error:
            raise ModelFailed("The model cannot be reached; it is safe to repeat.") from error
        except RateLimitError as error:
            raise ModelBusy(retry_after=_retry_after(error)) from error
        except APIStatusError as error:
            if _is_overflow(error):
                raise ContextOverflow from error
            raise ModelFailed(f"The model answered {error.status_code}; it is safe to repeat.") from error
        return _answered(completion)


def _parameter(message: Told) -> ChatCompletionMessageParam:
    match message.role:
        case "system":
            return {"role": "system", "content": message.text}
        case "user":
            return {"role": "user", "content": message.text}
        case "assistant":
            return {"role": "assistant", "content": message.text}


def _answered(completion: ChatCompletion) -> Answered:
    if not completion.choices:
        raise ModelFailed("The model's answer holds nothing; it is safe to repeat.")
    usage = completion.usage
    return Answered(
        text=completion.choices[0].message.content or "",
        model=completion.model,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def _is_overflow(error: APIStatusError) -> bool:
    body: Any = error.body
    return (
        isinstance(error, BadRequestError)
        and isinstance(body, dict)
        and bool(_OVERFLOW & {str(body.get("type")), str(body.get("code"))})
    )


def _retry_after(error: RateLimitError) -> timedelta:
    """Read the endpoint's ``Retry-After`` in seconds; its other form, a date, is not worth a clock comparison."""
    try:
        seconds = float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return _DEFAULT_RETRY
    return timedelta(seconds=min(max(seconds, 1.0), _LONGEST_RETRY_SECONDS))
