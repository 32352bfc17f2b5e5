"""How a prompt's tokens are divided."""

from typing import Any

from services.gateway.agents.models import Agent, AgentLimits
from services.gateway.chat.budget import Budget, budget_of, fair_shares
from services.gateway.settings import LimitSettings, ModelSettings


def agent(**limits: Any) -> Agent:
    return Agent(key="a/b", app_id="a", id="b", name="B", type="agent", system_prompt="x", limits=AgentLimits(**limits))


def test_the_usable_part_is_four_fifths_of_the_context_less_the_answer() -> None:
    budget = budget_of(agent(), LimitSettings(max_tokens=100_000), ModelSettings(context_tokens=8192))
    assert budget == Budget(usable=6553 - 512, documents=100_000, answer=512)
    assert budget.left_for_documents(1000) == 5041


def test_the_smallest_of_all_limits_counts() -> None:
    model = ModelSettings(context_tokens=100_000)
    assert budget_of(agent(), LimitSettings(max_tokens=300), model).left_for_documents(0) == 300
    assert budget_of(agent(document_tokens=200), LimitSettings(max_tokens=300), model).left_for_documents(0) == 200
    assert budget_of(agent(document_tokens=400), LimitSettings(max_tokens=300), model).left_for_documents(0) == 300
    assert budget_of(agent(context_tokens=1000, answer_tokens=100), LimitSettings(), model).usable == 700


def test_what_everything_else_took_is_never_negative_for_documents() -> None:
    assert Budget(usable=100, documents=1000, answer=10).left_for_documents(200) == 0


def test_shares_are_as_equal_as_the_demands_allow() -> None:
    assert fair_shares({"a": 10, "b": 500, "c": 900}, 710) == {"a": 10, "b": 350, "c": 350}
    assert fair_shares({"a": 10, "b": 20}, 100) == {"a": 10, "b": 20}
    assert fair_shares({}, 100) == {}
