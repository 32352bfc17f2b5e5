"""What a rule of the reconciler is.

Rules need no leader. Each looks for records in a state that nobody should be in any more and moves them on with an
update that names the state it saw, so of any number of replicas doing the same at once exactly one succeeds. A rule
that is interrupted leaves a state that it, or another rule, finds again.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import ClassVar, Protocol
from uuid import uuid4

from libs.contracts.records import DeletionOrder

REQUESTER = "storage"
"""``requested_by`` of the orders that nobody but us asked for."""


class Outcome(StrEnum):
    """What a rule did, or found and left alone; counted in metrics and in the answer of ``POST /reconcile``."""

    JOBS_PUBLISHED = auto()
    JOBS_REPEATED = auto()
    JOBS_SETTLED = auto()
    UPLOADS_COMPLETED = auto()
    UPLOADS_CONDEMNED = auto()
    UPLOADS_ABORTED = auto()
    FILES_EXPIRED = auto()
    ORDERS_RESUMED = auto()
    ORPHANS_WAITING = auto()
    ORPHANS_ADOPTED = auto()
    ORPHANS_REMOVED = auto()
    OBJECTS_MISSING = auto()
    OBJECTS_FOREIGN = auto()
    PAGES_REMOVED = auto()
    EXTRACTIONS_REMOVED = auto()
    MESSAGES_REMOVED = auto()
    STRAYS_REMOVED = auto()


Counts = Counter[Outcome]


@dataclass(frozen=True)
class Round:
    """One round of all rules. ``complete`` rounds look at everything; others at a bounded part, continuing later."""

    now: datetime
    complete: bool = False


class Rule(Protocol):
    """Repairs one sort of leftover."""

    name: ClassVar[str]

    async def run(self, current: Round) -> Counts:
        """Do what can be done now; raises what its servers raise."""


def new_order(kind: str, moment: datetime) -> DeletionOrder:
    """Make an order of our own."""
    return DeletionOrder(id=uuid4(), kind=kind, requested_by=REQUESTER, requested_at=moment)
