"""Conversations and messages as stored."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.records import DeletionOrder, Record


class Role(StrEnum):
    """Who wrote a message."""

    USER = auto()
    ASSISTANT = auto()

    @property
    def speaker(self) -> Literal["user", "assistant"]:
        """The same word, as a prompt's message is labelled."""
        return "user" if self is Role.USER else "assistant"


class Conversation(Record):
    """A sequence of turns between one principal and one agent.

    ``history_from`` is when it was last reset. Messages up to then, or up to an order to reset that is not carried out
    yet, are invisible and about to be removed.
    """

    id: UUID = Field(alias="_id")
    app_id: str
    agent_id: str
    owner: str
    title: str | None = None
    created_at: datetime
    updated_at: datetime
    message_count: int = 0
    input_locked: bool = False
    history_from: datetime | None = None
    deletion: DeletionOrder | None = None

    @property
    def visible_from(self) -> datetime | None:
        """The moment up to which messages are gone, or ``None`` when none are."""
        moments = [self.history_from, self.deletion.requested_at if self.deletion else None]
        return max(filter(None, moments), default=None)


class Message(Record):
    """One message. The two of a turn share ``turn_id`` and ``created_at``, when it began; ``ordinal`` orders them.

    So turns never interleave, and a reset that came after a turn began covers both of its messages.
    """

    id: UUID = Field(alias="_id")
    conversation_id: UUID
    turn_id: UUID
    ordinal: int
    role: Role
    text: str
    references: list[dict[str, Any]] = Field(default_factory=list)
    files: list[dict[str, Any]] = Field(default_factory=list)
    usage: dict[str, Any] | None = None
    created_at: datetime
    started_at: datetime | None = None
    stopped_streaming_at: datetime | None = None
    completed_at: datetime | None = None
    aborted_at: datetime | None = None
