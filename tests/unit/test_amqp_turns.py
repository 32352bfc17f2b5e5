"""Who comes next when several queues want a slot."""

import asyncio

import pytest

from libs.amqp.turns import Turns


class Line:
    """Asks for turns and notes the order in which they are given."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.given: list[str] = []

    async def ask(self, queue: str, name: str) -> asyncio.Task[None]:
        """Ask, and let everybody else have a look."""

        async def wait() -> None:
            await self._turns.take(queue)
            self.given.append(name)

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        return task


async def test_a_queue_that_waits_is_served_before_the_crowd_that_was_there_first() -> None:
    turns = Turns(1, per_queue=1)
    line = Line(turns)
    for number in range(4):
        await line.ask("crowd", f"crowd {number}")
    await line.ask("few", "few")
    for _ in range(4):
        turns.give("crowd" if line.given[-1] != "few" else "few")
        await asyncio.sleep(0)
    assert line.given == ["crowd 0", "crowd 1", "few", "crowd 2", "crowd 3"]


async def test_waiting_queues_take_turns() -> None:
    turns = Turns(1, per_queue=1)
    line = Line(turns)
    for number in range(2):
        for queue in "abc":
            await line.ask(queue, f"{queue}{number}")
    for _ in range(5):
        turns.give(line.given[-1][0])
        await asyncio.sleep(0)
    assert line.given == ["a0", "b0", "c0", "a1", "b1", "c1"]


async def test_the_last_slot_is_for_another_queue() -> None:
    turns = Turns(3, per_queue=2)
    line = Line(turns)
    for number in range(3):
        await line.ask("a", f"a{number}")
    await line.ask("b", "b")
    assert line.given == ["a0", "a1", "b"]
    turns.dismiss()


async def test_whoever_waits_can_be_sent_away() -> None:
    turns = Turns(1, per_queue=1)
    line = Line(turns)
    await line.ask("a", "first")
    waiting = [await line.ask(queue, "leaver") for queue in "ab"]
    turns.dismiss()
    await asyncio.wait(waiting)
    assert all(task.cancelled() for task in waiting)
    await line.ask("b", "later")
    turns.give("a")
    await asyncio.sleep(0)
    assert line.given == ["first", "later"]


async def test_who_gives_up_waiting_takes_no_turn() -> None:
    turns = Turns(1, per_queue=1)
    line = Line(turns)
    await line.ask("a", "first")
    for queue in "ab":
        leaver = await line.ask(queue, "leaver")
        leaver.cancel()
        await asyncio.wait({leaver})
    await line.ask("b", "stays")
    turns.give("a")
    await asyncio.sleep(0)
    assert line.given == ["first", "stays"]


async def test_a_turn_given_to_somebody_just_cancelled_goes_to_the_next() -> None:
    turns = Turns(1, per_queue=1)
    line = Line(turns)
    await line.ask("a", "first")
    leaver = await line.ask("a", "leaver")
    await line.ask("a", "stays")
    turns.give("a")
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    await asyncio.sleep(0)
    assert line.given == ["first", "stays"]
