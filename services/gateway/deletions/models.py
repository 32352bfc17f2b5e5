"""The receipt of a deletion, as clients see it."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from libs.contracts.records import DeletionOrder, DeletionRecord


class DeletionKind(StrEnum):
    """Why something was condemned."""

    FILE = "file"
    FAILED_UPLOAD = "failed_upload"
    RESET = "reset"
    CONVERSATION = "conversation"


class DeletionReceipt(BaseModel):
    """Proof of what was destroyed. What it covers is invisible from the moment it was requested."""

    deletion_id: UUID = Field(description="identifies the deletion in our records")
    kind: str = Field(description="file, reset or conversation")
    requested_by: str = Field(description="who asked for it")
    requested_at: datetime = Field(description="since when nothing of it is shown")
    counts: dict[str, int] = Field(description="how much of everything was destroyed")
    completed_at: datetime | None = Field(description="when the last byte was gone; null while that is under way")

    @classmethod
    def of_record(cls, record: DeletionRecord) -> Self:
        """Show storage's record of a deletion."""
        return cls(
            deletion_id=record.id,
            kind=record.kind,
            requested_by=record.requested_by,
            requested_at=record.requested_at,
            counts=record.counts,
            completed_at=record.completed_at,
        )

    @classmethod
    def of_order(cls, order: DeletionOrder, *, completed_at: datetime | None = None) -> Self:
        """Show an order that storage has not reported on; complete when it covers nothing."""
        return cls(
            deletion_id=order.id,
            kind=order.kind,
            requested_by=order.requested_by,
            requested_at=order.requested_at,
            counts={},
            completed_at=completed_at,
        )
