"""Names and numbers that the topology derives."""

from datetime import timedelta

import pytest

from libs.amqp.topology import EXTRACTION_FILES, QUEUES, RETRY_DELAYS, WORK_QUEUES


@pytest.mark.parametrize(("asked", "given"), [(0, "1s"), (1, "1s"), (1.5, "5s"), (5, "5s"), (29, "30s"), (3600, "30s")])
def test_a_retry_waits_the_shortest_delay_that_is_long_enough(asked: float, given: str) -> None:
    assert EXTRACTION_FILES.retry_queue(timedelta(seconds=asked)) == f"extraction.files.retry.{given}.v1"


def test_every_work_queue_has_a_retry_queue_per_delay() -> None:
    declared = {queue.name for queue in QUEUES}
    assert {queue.retry_queue(delay) for queue in WORK_QUEUES for delay in RETRY_DELAYS} <= declared


def test_no_two_queues_share_a_name() -> None:
    assert len({queue.name for queue in QUEUES}) == len(QUEUES)
