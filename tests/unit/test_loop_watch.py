"""The event loop's stalls are seen, and only those that are the loop's own."""

import asyncio
import logging
import time

import pytest

from libs.loop_watch import watched_loop


async def test_a_blocking_call_is_logged_as_a_stall(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="libs.loop_watch"):
        async with watched_loop():
            await asyncio.sleep(0.05)
            time.sleep(0.3)  # noqa: ASYNC251 - the stall under test
            await asyncio.sleep(0.05)
    stalls = [record.__dict__["ms"] for record in caplog.records if record.message == "event loop stalled"]
    assert len(stalls) == 1, stalls
    assert stalls[0] >= 250


async def test_waiting_is_no_stall(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="libs.loop_watch"):
        async with watched_loop():
            await asyncio.sleep(0.4)
    assert not caplog.records
