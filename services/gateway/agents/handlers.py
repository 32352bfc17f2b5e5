"""``GET /agents``."""

from aiohttp import web

from libs.web.responses import json_response
from services.gateway.agents.models import Agent, AgentBody, AgentList
from services.gateway.context import CONTEXT
from services.gateway.routing import PRINCIPAL, PUBLIC_ROOT, Route


async def list_agents(request: web.Request) -> web.Response:
    """Answer ``GET /agents``."""
    principal = request[PRINCIPAL]
    agents = await request.app[CONTEXT].agents.list(principal.app_id, principal)
    return json_response(AgentList(data=[_body(agent) for agent in agents]))


def _body(agent: Agent) -> AgentBody:
    return AgentBody(
        agent_id=agent.id, name=agent.name, type=agent.type, has_memory=agent.memory, has_vision=agent.vision
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{PUBLIC_ROOT}/agents",
        handler=list_agents,
        summary="List the agents this key may talk to",
        tag="Agents",
        scope=None,
        answer=AgentList,
    ),
)
