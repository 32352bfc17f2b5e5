"""Names and numbers that the topology derives."""

from collections import Counter
from datetime import timedelta

import pytest

from libs.amqp.topology import (
    EXCHANGES,
    EXTRACTION_FILES,
    LANES,
    QUEUES,
    RETRY_DELAYS,
    RETRY_QUEUES,
    STORAGE_DELETIONS,
    WORK_QUEUES,
)


@pytest.mark.parametrize(("asked", "given"), [(0, "1s"), (1, "1s"), (1.5, "5s"), (5, "5s"), (29, "30s"), (3600, "30s")])
def test_a_retry_waits_the_shortest_delay_that_is_long_enough(asked: float, given: str) -> None:
    retry = STORAGE_DELETIONS.retry(timedelta(seconds=asked))
    assert (retry.exchange, retry.name) == (f"satchel.commands.retry.{given}", f"satchel.commands.retry.{given}.v1")


def test_every_work_queue_has_a_retry_queue_per_delay() -> None:
    assert {queue.retry(delay) for queue in WORK_QUEUES for delay in RETRY_DELAYS} == set(RETRY_QUEUES)
    assert {queue.name for queue in RETRY_QUEUES} <= {queue.name for queue in QUEUES}
    assert {queue.exchange for queue in RETRY_QUEUES} <= set(EXCHANGES)


def test_no_two_queues_share_a_name() -> None:
    assert len({queue.name for queue in QUEUES}) == len(QUEUES)


def test_a_tenant_always_takes_the_same_lane() -> None:
    assert EXTRACTION_FILES.of("app/key:2").name == "extraction.files.26.v1"


def test_tenants_are_spread_evenly_over_the_lanes() -> None:
    shares = Counter(EXTRACTION_FILES.of(f"app/key:{number}").name for number in range(100 * LANES))
    assert len(shares) == LANES
    assert max(shares.values()) < 200
