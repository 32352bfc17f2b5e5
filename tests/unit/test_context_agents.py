"""The file that declares apps and agents."""

from pathlib import Path

import pytest

from services.gateway.agents.errors import AgentsFileInvalid
from services.gateway.agents.service import read_declarations


def write(folder: Path, text: str) -> Path:
    path = folder / "agents.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_own_file_declares_the_demo() -> None:
    (app,) = read_declarations(Path(__file__).parents[2] / "agents.yaml").apps
    (agent,) = app.agents
    assert (app.id, agent.id, agent.type, agent.memory) == ("demo", "assistant", "agent", True)


def test_ids_may_be_numbers_as_in_the_seed(tmp_path: Path) -> None:
    text = "apps: [{id: 1, name: One, agents: [{id: 123, name: A, system_prompt: x}]}]"
    (app,) = read_declarations(write(tmp_path, text)).apps
    assert (app.id, app.agents[0].id) == ("1", "123")


@pytest.mark.parametrize(
    "text",
    [
        "apps: [",
        "agents: []",
        "apps: [{id: 'a/b', name: x}]",
        "apps: [{id: a, name: x}, {id: a, name: y}]",
        "apps: [{id: a, name: x, agents: [{id: b, name: n, system_prompt: s}, {id: b, name: n, system_prompt: s}]}]",
        "apps: [{id: a, name: x, agents: [{id: b, name: n, system_prompt: s, tools: [shell]}]}]",
        "apps: [{id: a, name: x, agents: [{id: b, name: n, system_prompt: s, temprature: 1}]}]",
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(AgentsFileInvalid, match=r"agents\.yaml"):
        read_declarations(write(tmp_path, text))


def test_vision_is_refused_because_nothing_reads_it(tmp_path: Path) -> None:
    text = "apps: [{{id: a, name: x, agents: [{{id: b, name: n, system_prompt: s, vision: {}}}]}}]"
    assert read_declarations(write(tmp_path, text.format("false"))).apps[0].agents[0].vision is False
    with pytest.raises(AgentsFileInvalid, match="no pictures are sent to models"):
        read_declarations(write(tmp_path, text.format("true")))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AgentsFileInvalid, match=r"nowhere\.yaml"):
        read_declarations(tmp_path / "nowhere.yaml")
