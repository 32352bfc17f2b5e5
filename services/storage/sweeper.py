"""Runs the reconciler's rules again and again, and once more when asked."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from pydantic import BaseModel, Field

from libs.clock import now
from libs.errors import DependencyUnavailable
from libs.logs import REQUEST_ID
from libs.mongo.database import OUTAGES
from services.storage.metrics import RECONCILED, RULE_FAILURES
from services.storage.reconcile.rules import Counts, Outcome, Round, Rule

_log = logging.getLogger(__name__)
_JITTER = 0.2  # part of the period; shortens it, so that the period stays a promise
_OUTAGES: tuple[type[Exception], ...] = (DependencyUnavailable, *OUTAGES)


class RoundReport(BaseModel):
    """What one round did. A rule that failed did part of its work, and will do the rest in a later round."""

    counts: dict[Outcome, int] = Field(description="every outcome, also those that did not occur")
    failed: list[str] = Field(description="rules that ended early")


class Sweeper:
    """Owns the loop. Rounds of one process never overlap; those of several replicas may."""

    def __init__(self, rules: Sequence[Rule], period: timedelta) -> None:
        self._rules = rules
        self._period = period
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin the loop; the first round comes after a fraction of the period."""
        self._task = asyncio.create_task(self._loop(), name="sweeper")

    async def stop(self) -> None:
        """End the loop, in the middle of a round if need be: every rule bears that."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run_round(self, *, complete: bool) -> RoundReport:
        """Run every rule once. One that fails does not keep the others from running."""
        async with self._turn:
            token = REQUEST_ID.set(uuid4().hex)
            try:
                return await self._run_rules(Round(now=now(), complete=complete))
            finally:
                REQUEST_ID.reset(token)

    async def _loop(self) -> None:
        pause = random.uniform(0, self._period.total_seconds())  # noqa: S311 - spreads replicas, keeps no secret
        while True:
            await asyncio.sleep(pause)
            await self.run_round(complete=False)
            pause = self._period.total_seconds() * random.uniform(1 - _JITTER, 1)  # noqa: S311 - as above

    async def _run_rules(self, current: Round) -> RoundReport:
        counts: Counts = Counter()
        failed: list[str] = []
        for rule in self._rules:
            try:
                counts += await rule.run(current)
            except _OUTAGES as error:
                _log.warning("rule waits for a server", extra={"rule": rule.name, "error": type(error).__name__})
                failed.append(rule.name)
            except Exception:  # noqa: BLE001 - one broken rule must not stop the others; the traceback is logged
                _log.exception("rule failed", extra={"rule": rule.name})
                failed.append(rule.name)
        for outcome, number in counts.items():
            RECONCILED.labels(outcome).inc(number)
        for name in failed:
            RULE_FAILURES.labels(name).inc()
        return RoundReport(counts={outcome: counts[outcome] for outcome in Outcome}, failed=failed)
