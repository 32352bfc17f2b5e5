"""Prepare one turn for the model: spend the token budget on history and documents, and keep account of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.tokens import estimate_tokens
from services.gateway.agents.models import Agent
from services.gateway.chat.budget import Budget, budget_of
from services.gateway.chat.errors import MessageTooLong
from services.gateway.chat.model import Told
from services.gateway.chat.models import TurnFile, TurnRequest
from services.gateway.chat.passages import Passage
from services.gateway.chat.prompt import ASK, PAGE_TOKENS, Listed, document_tokens, system_message, user_message
from services.gateway.chat.records import Message
from services.gateway.chat.retrieval import Document, Excerpt, Retriever
from services.gateway.chat.sources import Source
from services.gateway.files.form import FailedFile
from services.gateway.files.models import FileError
from services.gateway.files.status import ProcessingStatus
from services.gateway.settings import LimitSettings, ModelSettings

_MESSAGE_TOKENS = 8
"""What a chat template adds to one message."""
_LONGEST_STATE = (
    "only pages 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007 and more; broken off (too_large_uncompressed)"
)
_NAMED_PAGES = 8
_NOTHING = Excerpt((), whole=False)


@dataclass(frozen=True)
class Briefing:
    """What the model is told, what of that comes from files, and the account of it for the answer."""

    messages: Sequence[Told]
    passages: Sequence[Passage]
    files: Sequence[TurnFile]


class Briefer:
    """Builds prompts."""

    def __init__(self, retriever: Retriever, limits: LimitSettings, model: ModelSettings) -> None:
        self._retriever = retriever
        self._limits = limits
        self._model = model

    def budget(self, agent: Agent, question: str) -> Budget:
        """Return the agent's budget. Raises ``MessageTooLong`` for a question it cannot hold."""
        budget = budget_of(agent, self._limits, self._model)
        needed = estimate_tokens(question) + estimate_tokens(agent.system_prompt)
        if needed > budget.usable:
            raise MessageTooLong(f"The message has about {needed} tokens; {budget.usable} fit.", limit=budget.usable)
        return budget

    async def prepare(
        self,
        agent: Agent,
        request: TurnRequest,
        sources: Sequence[Source],
        failed: Sequence[FailedFile],
        history: Sequence[Message],
        *,
        document_share: float = 1.0,
    ) -> Briefing:
        """Build the prompt; ``document_share`` leaves part of the documents' budget unused."""
        budget = self.budget(agent, request.message)
        remembered = _recent(history, budget.history)
        frame = [
            Told("system", system_message(agent.system_prompt, _listed(sources, failed, None))),
            *(Told(message.role.speaker, message.text) for message in remembered),
            Told("user", f"{ASK} {request.message}"),
        ]
        spent = sum(estimate_tokens(told.text) + _MESSAGE_TOKENS for told in frame)
        excerpts = await self._retriever.read(
            request.message,
            [_document(source) for source in sources if source.readable],
            budget=int(budget.left_for_documents(spent) * document_share),
            top_k=(request.search_params and request.search_params.top_k) or agent.limits.passages,
        )
        listed = _listed(sources, failed, excerpts)
        frame[0] = Told("system", system_message(agent.system_prompt, listed))
        frame[-1] = Told("user", user_message(request.message, listed))
        passages = [passage for excerpt in excerpts.values() for passage in excerpt.passages]
        return Briefing(frame, passages, [*(_account(source, excerpts) for source in sources), *map(_refused, failed)])


def _recent(history: Sequence[Message], tokens: int) -> Sequence[Message]:
    """Return the latest whole turns that fit, oldest first."""
    kept = len(history)
    for start in range(len(history) - 2, -1, -2):
        tokens -= sum(estimate_tokens(message.text) + _MESSAGE_TOKENS for message in history[start : start + 2])
        if tokens < 0:
            break
        kept = start
    return history[kept:]


def _document(source: Source) -> Document:
    run = source.run
    if run is None:
        raise ValueError("a file that has text has a run")
    return Document(
        file_id=source.file.id,
        tokens=run.token_count,
        pages=run.page_count or 1,
        language=run.document.language,
        overhead=document_tokens(source.file.filename),
        page_overhead=PAGE_TOKENS,
    )


def _listed(
    sources: Sequence[Source], failed: Sequence[FailedFile], excerpts: dict[UUID, Excerpt] | None
) -> list[Listed]:
    """Name every file with its state; before anything was read (``None``), with the longest a state can be."""
    listed = []
    for source in sources:
        excerpt = (excerpts or {}).get(source.file.id, _NOTHING)
        state = _LONGEST_STATE if excerpts is None else _state(source, excerpt)
        listed.append(Listed(source.file.filename, state, excerpt.passages))
    return [*listed, *(Listed(file.filename, "not accepted") for file in failed)]


def _state(source: Source, excerpt: Excerpt) -> str:
    match source.status:
        case ProcessingStatus.PROCESSING:
            return "still being processed, not readable yet"
        case ProcessingStatus.ERROR:
            code = source.run.error.code if source.run and source.run.error else "unknown"
            return f"{_shown(excerpt)}; broken off ({code})" if source.readable else f"could not be read ({code})"
        case ProcessingStatus.UPLOADED:
            return "has no readable text"
        case ProcessingStatus.READY:
            return "complete" if excerpt.whole else _shown(excerpt)


def _shown(excerpt: Excerpt) -> str:
    if not excerpt.passages:
        return "left out, no room"
    more = " and more" if len(excerpt.pages) > _NAMED_PAGES else ""
    return f"only pages {', '.join(map(str, excerpt.pages[:_NAMED_PAGES]))}{more}"


def _account(source: Source, excerpts: dict[UUID, Excerpt]) -> TurnFile:
    run, excerpt = source.run, excerpts.get(source.file.id)
    error = run.error if run else None
    total = run.token_count if run and excerpt else 0
    return TurnFile(
        file_id=source.file.id,
        filename=source.file.filename,
        tokens_total=total,
        tokens_used=(total if excerpt.whole else min(total, excerpt.tokens)) if excerpt else 0,
        pages_used=excerpt.pages if excerpt else [],
        truncated=excerpt is not None and (not excerpt.whole or error is not None),
        processing_status=source.status,
        error=FileError(code=error.code, message=error.message) if error else None,
    )


def _refused(failed: FailedFile) -> TurnFile:
    error = FileError(code=failed.error.code, message=str(failed.error))
    return TurnFile(file_id=None, filename=failed.filename, processing_status=ProcessingStatus.ERROR, error=error)
