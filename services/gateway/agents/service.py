"""Find agents, and declare those of a file.

Declaring creates what is new and replaces what changed; it never removes, because an agent's files and conversations
would be left without it. Several replicas may declare the same file at once.
"""

import asyncio
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.gateway.agents.errors import AgentsFileInvalid
from services.gateway.agents.models import Agent, Declarations
from services.gateway.agents.store import AgentStore
from services.gateway.auth.errors import AgentNotFound
from services.gateway.auth.models import Principal


class AgentService:
    """Everything that happens to agents."""

    def __init__(self, store: AgentStore) -> None:
        self._store = store

    async def get(self, app_id: str, agent_id: str) -> Agent:
        """Return an agent of an app. Raises ``AgentNotFound``."""
        agent = await self._store.find(app_id, agent_id)
        if agent is None:
            raise AgentNotFound
        return agent

    async def list(self, app_id: str, principal: Principal) -> list[Agent]:
        """List the app's agents that this principal may talk to, by name."""
        return [agent for agent in await self._store.list(app_id) if principal.may_use(agent.id)]

    async def declare(self, path: Path) -> None:
        """Declare the apps and agents of a YAML file. Raises ``AgentsFileInvalid`` before anything is written."""
        declarations = await asyncio.to_thread(read_declarations, path)
        for app in declarations.apps:
            await self._store.put_app(app.id, app.name)
            for declared in app.agents:
                key = Agent.key_of(app.id, declared.id)
                await self._store.put(Agent(key=key, app_id=app.id, **declared.model_dump()))


def read_declarations(path: Path) -> Declarations:
    """Read and validate the file. Raises ``AgentsFileInvalid`` saying what is wrong with it."""
    try:
        return Declarations.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise AgentsFileInvalid(f"{path.name}: {error}") from error
