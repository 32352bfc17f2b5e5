"""A turn: files, history, model, references, memory.

Nothing of a turn is kept before the model has answered, and its two messages are kept together. A turn that fails
leaves nothing behind, the files sent with it included, so repeating it is safe.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.clock import now
from libs.contracts.records import FileRecord
from libs.errors import AppError
from services.gateway.agents.models import Agent
from services.gateway.auth.models import Principal
from services.gateway.chat.briefing import Briefer, Briefing
from services.gateway.chat.citations import cite
from services.gateway.chat.conversations import ConversationService
from services.gateway.chat.errors import ModelFailed
from services.gateway.chat.input import FILES_FIELD
from services.gateway.chat.message_store import MessageStore
from services.gateway.chat.model import Answered, ContextOverflow, ModelClient
from services.gateway.chat.models import TurnBody, TurnFile, TurnRequest, TurnUsage
from services.gateway.chat.records import Conversation, Message, Role
from services.gateway.chat.sources import Source, Sources
from services.gateway.files.errors import QuotaExceeded, TooManyFiles, UploadExpired
from services.gateway.files.form import FailedFile
from services.gateway.files.status import ProcessingStatus
from services.gateway.files.upload import ReceivedFile, UploadOptions, UploadService
from services.gateway.usage.service import UsageService

_REMEMBERED_MESSAGES = 50
_TITLE_CHARS = 80
_ABOUT_ONE_FILE = (TooManyFiles, QuotaExceeded, UploadExpired)


@dataclass(frozen=True)
class Asked:
    """A turn as it was asked for: by whom, of whom, what, with which new files, and how long to wait for files."""

    principal: Principal
    agent: Agent
    request: TurnRequest
    wait: timedelta
    request_id: str
    received: Sequence[ReceivedFile] = ()
    failed: Sequence[FailedFile] = ()


class TurnService:
    """Runs turns."""

    def __init__(
        self,
        *,
        conversations: ConversationService,
        messages: MessageStore,
        sources: Sources,
        uploads: UploadService,
        briefer: Briefer,
        model: ModelClient,
        usage: UsageService,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._sources = sources
        self._uploads = uploads
        self._briefer = briefer
        self._model = model
        self._usage = usage

    async def run(self, asked: Asked) -> TurnBody:
        """Answer.

        Raises ``ConversationNotFound``, ``FileNotFound``, ``FileInactive``, ``InvalidRequest`` or ``MessageTooLong``
        before anything happened; ``ModelFailed``, ``ModelTimeout`` or ``ModelBusy`` after the new files were taken
        back; and when none of the files sent was taken, the first one's error, whose ``errors`` name them all.
        """
        began_at = now()
        principal, agent, request = asked.principal, asked.agent, asked.request
        conversation = await self._conversations.get_or_default(principal, agent.id, request.conversation_id)
        await self._sources.choose(principal, agent.id, conversation.id, request)
        self._briefer.budget(agent, request.message)
        async with self._attached(asked) as (new, failed):
            chosen = await self._sources.choose(
                principal, agent.id, conversation.id, request, [file.id for file in new]
            )
            sources = await self._sources.settle(principal, agent.id, conversation.id, chosen, asked.wait)
            history = await self._messages.list_latest(conversation, _REMEMBERED_MESSAGES) if agent.memory else []
            briefing, answered = await self._ask(asked, sources, failed, history)
            await self._usage.add_tokens(principal, answered.prompt_tokens, answered.completion_tokens)
            body = _body(asked, conversation, sources, briefing, answered)
            await self._remember(asked, body, [file.id for file in new], began_at)
        return body

    @asynccontextmanager
    async def _attached(self, asked: Asked) -> AsyncIterator[tuple[list[FileRecord], list[FailedFile]]]:
        """Let the new files join the conversation, each for itself; take them back when the turn fails."""
        new: list[FileRecord] = []
        failed = list(asked.failed)
        try:
            await self._complete(asked, new, failed)
            yield new, failed
        except BaseException:
            await self._uploads.take_back(new)
            raise

    async def _complete(self, asked: Asked, new: list[FileRecord], failed: list[FailedFile]) -> None:
        options = UploadOptions(conversation_id=asked.request.conversation_id)
        for received in asked.received:
            try:
                new.append(await self._uploads.complete(received, options, request_id=asked.request_id))
            except _ABOUT_ONE_FILE as error:
                failed.append(FailedFile(received.record.filename, error))
        if failed and not new:
            raise _naming_all(failed)

    async def _ask(
        self, asked: Asked, sources: Sequence[Source], failed: Sequence[FailedFile], history: Sequence[Message]
    ) -> tuple[Briefing, Answered]:
        """Ask the model; when the prompt turns out too long, once more with half of the documents' budget."""
        agent = asked.agent
        answer_tokens = self._briefer.budget(agent, asked.request.message).answer
        for document_share in (1.0, 0.5):
            briefing = await self._briefer.prepare(
                agent, asked.request, sources, failed, history, document_share=document_share
            )
            try:
                answered = await self._model.answer(
                    briefing.messages, model=agent.model, temperature=agent.temperature, max_tokens=answer_tokens
                )
            except ContextOverflow:
                continue
            return briefing, answered
        raise ModelFailed("The model's context is smaller than MODEL_CONTEXT_TOKENS says.")

    async def _remember(self, asked: Asked, body: TurnBody, new: Sequence[UUID], began_at: datetime) -> None:
        """Store both messages. A conversation that was reset or deleted meanwhile stays as it is."""
        ended_at = now()
        turn: dict[str, Any] = {
            "conversation_id": body.conversation_id,
            "turn_id": uuid4(),
            "created_at": began_at,
            "started_at": began_at,
            "completed_at": ended_at,
        }
        sent = [file for file in body.files if file.file_id is None or file.file_id in new]
        question = Message(
            id=uuid4(), ordinal=0, role=Role.USER, text=asked.request.message, files=_plain(sent), **turn
        )
        answer = Message(
            id=body.message_id,
            ordinal=1,
            role=Role.ASSISTANT,
            text=body.response,
            files=_plain(body.files),
            references=[reference.model_dump() for reference in body.references],
            usage=body.usage.model_dump(),
            **turn,
        )
        await self._messages.add_turn(
            body.conversation_id,
            [question, answer],
            began_at=began_at,
            ended_at=ended_at,
            title=_title(asked.request.message),
        )


def _naming_all(failed: Sequence[FailedFile]) -> AppError:
    """Return the first file's error with each file's own in ``errors``: the caller sees at once which to leave out."""
    error = failed[0].error
    errors = [
        {"field": FILES_FIELD, "filename": one.filename, "code": one.error.code, "message": str(one.error)}
        for one in failed
    ]
    error.extra = {**error.extra, "errors": errors}
    return error


def _body(
    asked: Asked, conversation: Conversation, sources: Sequence[Source], briefing: Briefing, answered: Answered
) -> TurnBody:
    agent = asked.agent
    names = {source.file.id: source.file.filename for source in sources}
    return TurnBody(
        response=answered.text,
        conversation_id=conversation.id,
        message_id=uuid4(),
        usage=TurnUsage(
            agent_name=agent.name,
            agent_type=agent.type,
            files_processed=sum(source.readable or source.status is ProcessingStatus.UPLOADED for source in sources),
            has_memory=agent.memory,
            prompt_tokens=answered.prompt_tokens,
            completion_tokens=answered.completion_tokens,
            model=answered.model,
        ),
        files=list(briefing.files),
        references=cite(answered.text, briefing.passages, names, source=agent.name, source_id=conversation.id),
    )


def _plain(files: Sequence[TurnFile]) -> list[dict[str, Any]]:
    return [file.model_dump() for file in files]


def _title(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _TITLE_CHARS else line[: _TITLE_CHARS - 1].rstrip() + "…"
