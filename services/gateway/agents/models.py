"""Apps and agents: as declared in ``agents.yaml``, as stored, as shown to clients."""

from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from libs.contracts.records import Record

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id chosen by whoever declares it. It stands in paths, so it never holds a slash."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


D = TypeVar("D", bound=_Declared)


class AgentLimits(_Declared):
    """Bounds of one agent; what is absent follows the installation's settings."""

    context_tokens: int | None = Field(None, gt=0, description="context window of the agent's model, in tokens")
    document_tokens: int | None = Field(None, gt=0, description="tokens of documents in one prompt, at most")
    answer_tokens: int | None = Field(None, gt=0, description="longest answer, in tokens")
    passages: int | None = Field(
        None, gt=0, description="passages retrieved when the request names no top_k; absent: what fits"
    )


class AgentDeclaration(_Declared):
    """An agent as ``agents.yaml`` declares it."""

    id: Identifier = Field(description="unique within its app")
    name: str = Field(min_length=1, max_length=200, description="shown to people")
    type: Literal["agent"] = Field("agent", description="an agent is answered by the model")
    system_prompt: str = Field(min_length=1, description="what the model is told before everything else")
    model: str | None = Field(None, description="model of the endpoint; absent: the installation's")
    temperature: float = Field(0.0, ge=0, le=2, description="0: the likeliest answer, every time")
    vision: bool = Field(default=False, description="reserved; no pictures are sent to models")
    memory: bool = Field(default=True, description="whether a turn knows the turns before it")
    limits: AgentLimits = Field(default_factory=AgentLimits, description="bounds of this agent")
    tools: list[str] = Field(default_factory=list, max_length=0, description="reserved; no tools exist")

    @field_validator("vision")
    @classmethod
    def _sees_nothing(cls, vision: bool) -> bool:
        if vision:
            raise ValueError("no pictures are sent to models; leave vision out or false")
        return vision


class AppDeclaration(_Declared):
    """An app: the tenant that keys, agents and files belong to."""

    id: Identifier = Field(description="unique")
    name: str = Field(min_length=1, max_length=200, description="shown to people")
    agents: list[AgentDeclaration] = Field(default_factory=list, description="whom its keys can talk to")

    @model_validator(mode="after")
    def _agents_differ(self) -> Self:
        return _distinct(self, [agent.id for agent in self.agents])


class Declarations(_Declared):
    """The whole file."""

    apps: list[AppDeclaration] = Field(default_factory=list, description="the installation's apps")

    @model_validator(mode="after")
    def _apps_differ(self) -> Self:
        return _distinct(self, [app.id for app in self.apps])


class Agent(Record):
    """An agent as stored. ``key`` holds app and agent, so that two apps may use the same agent id."""

    key: str = Field(alias="_id")
    app_id: str
    id: str
    name: str
    type: str
    system_prompt: str
    model: str | None = None
    temperature: float = 0.0
    vision: bool = False
    memory: bool = True
    limits: AgentLimits = Field(default_factory=AgentLimits)
    tools: list[str] = Field(default_factory=list)

    @staticmethod
    def key_of(app_id: str, agent_id: str) -> str:
        """Return the database's ``_id`` of an agent. Neither part can hold the slash."""
        return f"{app_id}/{agent_id}"


class AgentBody(BaseModel):
    """An agent the caller may talk to."""

    agent_id: str = Field(description="stands in the path of every call")
    name: str = Field(description="shown to people")
    type: str = Field(description="agent: answered by the model")
    has_memory: bool = Field(description="whether a turn knows the turns before it")
    has_vision: bool = Field(description="whether its model can see pictures")


class AgentList(BaseModel):
    """The agents of an app that the caller's key may talk to."""

    data: list[AgentBody] = Field(description="ordered by name")


def _distinct(model: D, ids: list[str]) -> D:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"declared twice: {', '.join(twice)}")
    return model
