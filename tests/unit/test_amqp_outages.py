"""The driver's many ways to say that the broker is gone, and the one it must not be confused with."""

import asyncio

import pytest
from aio_pika.exceptions import AMQPConnectionError, ChannelInvalidStateError, PublishError

from libs.amqp.outages import outages_translated
from libs.errors import DependencyUnavailable


@pytest.mark.parametrize(
    "outage",
    [
        asyncio.CancelledError(),
        AMQPConnectionError(),
        ChannelInvalidStateError("closed"),
        ConnectionResetError(),
        TimeoutError(),
        PublishError.__new__(PublishError),
        StopAsyncIteration(),
        Exception(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_of_any_shape_becomes_dependency_unavailable(outage: BaseException) -> None:
    with pytest.raises(DependencyUnavailable), outages_translated():
        raise outage


async def test_an_error_of_our_own_passes() -> None:
    with pytest.raises(KeyError), outages_translated():
        raise KeyError


async def _wait_forever() -> None:
    with outages_translated():
        await asyncio.get_running_loop().create_future()


async def test_a_caller_who_was_cancelled_stays_cancelled() -> None:
    task = asyncio.create_task(_wait_forever())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_callers_own_deadline_stays_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await _wait_forever()


async def test_a_caller_cleaning_up_after_a_cancellation_still_learns_of_an_outage() -> None:
    outcomes = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            try:
                with outages_translated():
                    raise asyncio.CancelledError
            except DependencyUnavailable as error:
                outcomes.append(error)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(outcomes) == 1
