"""The wire format: a message inside an envelope that says what it is, since when, and for which request."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.amqp.routes import MESSAGES
from libs.clock import now
from libs.contracts.messages import Message

MAX_BODY_BYTES = 64 * 1024
"""Messages are ids and times; whatever is larger is not ours."""


class BadMessage(Exception):
    """A delivery we cannot read. ``reason`` is one of the codes below and travels with the dead letter.

    ``too_large``, ``not_json``, ``wrong_shape`` (envelope or payload), ``unknown_type``, ``newer_version``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Envelope(BaseModel):
    """What travels. ``id`` is fresh for every attempt to publish; ``correlation_id`` is the request's id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID = Field(default_factory=uuid4)
    type: str
    version: int
    occurred_at: datetime = Field(default_factory=now)
    correlation_id: str
    payload: dict[str, Any]

    @classmethod
    def wrap(cls, message: Message, *, correlation_id: str) -> Self:
        """Put a message into a new envelope."""
        return cls(
            type=type(message).__name__,
            version=message.version,
            correlation_id=correlation_id,
            payload=message.model_dump(mode="json"),
        )

    def encode(self) -> bytes:
        """Give the body as it is sent."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Read a body; raises ``BadMessage``. What is inside is read by ``unwrap``."""
        if len(body) > MAX_BODY_BYTES:
            raise BadMessage("too_large", f"{len(body)} bytes")
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            invalid_json = any(problem["type"] == "json_invalid" for problem in error.errors())
            raise BadMessage("not_json" if invalid_json else "wrong_shape", "envelope") from error

    def unwrap(self) -> Message:
        """Read the message inside; raises ``BadMessage``.

        An older version is read: a class that cannot read its predecessors needs a new name. A newer one is not,
        because its sender says that we would misread it.
        """
        message_type = MESSAGES.get(self.type)
        if message_type is None:
            raise BadMessage("unknown_type", self.type)
        if self.version > message_type.version:
            raise BadMessage("newer_version", f"{self.type} {self.version}")
        try:
            return message_type.model_validate(self.payload)
        except ValidationError as error:
            raise BadMessage("wrong_shape", self.type) from error
