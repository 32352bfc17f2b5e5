"""The one authorisation function, and the wrapper that calls it before every guarded handler."""

from aiohttp import web

from services.gateway.agents.service import AgentService
from services.gateway.auth.errors import AgentNotFound, AppNotFound, AuthenticationRequired, ScopeMissing
from services.gateway.auth.models import Principal, Scope
from services.gateway.auth.service import ApiKeyService
from services.gateway.limits.rate import RateLimiter
from services.gateway.routing import PRINCIPAL, Route, RouteHandler

API_KEY_HEADER = "X-API-KEY"


class Guard:
    """Authenticates a request, admits it within the rate, and authorises it for app, agent and scope of its route."""

    def __init__(self, keys: ApiKeyService, agents: AgentService, rate: RateLimiter) -> None:
        self._keys = keys
        self._agents = agents
        self._rate = rate

    def protect(self, route: Route) -> RouteHandler:
        """Wrap a route's handler so that it only ever sees a caller who may call it."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            principal = await self._authenticate(request)
            request[PRINCIPAL] = principal
            await self._rate.admit(request, principal)
            await self.authorize(principal, route.scope, **request.match_info)
            return await route.handler(request)

        return guarded

    async def authorize(
        self, principal: Principal, scope: Scope | None, *, app_id: str, agent_id: str = "", **_: str
    ) -> None:
        """Let the principal pass or raise: a stranger's app or agent is answered like one that does not exist."""
        if principal.app_id != app_id:
            raise AppNotFound
        if agent_id and not principal.may_use(agent_id):
            raise AgentNotFound
        if agent_id:
            await self._agents.get(app_id, agent_id)
        if scope is not None and scope not in principal.scopes:
            raise ScopeMissing(f"The API key lacks the scope {scope.value}.", scope=scope.value)

    async def _authenticate(self, request: web.Request) -> Principal:
        presented = request.headers.get(API_KEY_HEADER)
        if not presented:
            raise AuthenticationRequired
        return await self._keys.verify(presented)
