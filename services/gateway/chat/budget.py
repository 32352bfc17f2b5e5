"""How many tokens of a prompt go to what (design §2.9), and how files share theirs."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.gateway.agents.models import Agent
from services.gateway.settings import LimitSettings, ModelSettings

USABLE_SHARE = 0.8
"""Part of the model's context that is planned with; the rest absorbs that token counts are estimates."""
HISTORY_SHARE = 0.25
"""Part of what is usable that earlier turns may take."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Budget:
    """Tokens of one prompt: ``usable`` for everything that is sent, ``documents`` for files, ``answer`` kept free."""

    usable: int
    documents: int
    answer: int

    @property
    def history(self) -> int:
        """Tokens that earlier turns may take."""
        return int(self.usable * HISTORY_SHARE)

    def left_for_documents(self, spent: int) -> int:
        """Return what files may take when everything else took ``spent``."""
        return max(0, min(self.documents, self.usable - spent))


def budget_of(agent: Agent, limits: LimitSettings, model: ModelSettings) -> Budget:
    """Combine the installation's and the agent's bounds: the smallest counts."""
    context = agent.limits.context_tokens or model.context_tokens
    answer = agent.limits.answer_tokens or model.max_answer_tokens
    documents = min(limits.max_tokens, agent.limits.document_tokens or limits.max_tokens)
    return Budget(usable=max(0, int(context * USABLE_SHARE) - answer), documents=documents, answer=answer)


def fair_shares(demands: Mapping[K, int], budget: int) -> dict[K, int]:
    """Divide a budget so that nobody gets more than asked for, and who gets less gets as much as anyone (max-min)."""
    shares: dict[K, int] = {}
    left = budget
    for waiting, (key, demand) in zip(range(len(demands), 0, -1), sorted(demands.items(), key=_second), strict=True):
        shares[key] = min(demand, left // waiting)
        left -= shares[key]
    return shares


def _second(item: tuple[object, int]) -> int:
    return item[1]
