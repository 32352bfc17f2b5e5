"""``kill -9`` at any moment of a run, then a restart: what was answered 200 is kept, nothing is left lying about."""

import asyncio
import random
import time

import pytest

from tests.faults.audit import Audit
from tests.faults.crowd import Crowd, assert_kept, documents
from tests.support.api import Api
from tests.support.stack import Stack

FILES = 40
VICTIMS = ("gateway", "storage", "extraction", "rabbitmq")
SERVERS = ("mongodb", "objects")
LONGEST_HESITATION_SECONDS = 0.3


async def killed_and_started(doomed: Stack, victim: str, hesitation: float) -> None:
    """Kill a part at a moment of its own, not at that of somebody's answer, and bring it back."""
    await asyncio.sleep(hesitation)
    await doomed.kill(victim)
    await doomed.start(victim)


async def killed_in_a_run(doomed: Stack, api: Api, audit: Audit, dice: random.Random, *victims: str) -> None:
    """Kill the victims while a crowd uploads; expect every promise kept and everything in order."""
    print(f"victims: {', '.join(victims)}")
    stalls_before, _ = await audit.loop_stalls("gateway")
    crowd = Crowd(api, documents(dice, FILES), wait=dice.choice([0, 1]))
    hesitation = LONGEST_HESITATION_SECONDS * len(victims)
    running = asyncio.create_task(crowd.run())
    await crowd.answered(dice.randrange(1, FILES * 3 // 4))
    began = time.monotonic()
    await asyncio.gather(*(killed_and_started(doomed, victim, dice.uniform(0, hesitation)) for victim in victims))
    up = time.monotonic() - began
    await running
    settled = await audit.settled(seconds=60)
    print(
        f"up again after {up:.1f} s, in order {settled:.1f} s after the last upload; "
        f"{len(crowd.repeated)} uploads repeated, slowest answers {crowd.slowest()}"
    )
    await assert_kept(api, audit, crowd)
    if "gateway" not in victims:
        stalls, longest = await audit.loop_stalls("gateway")
        assert stalls == stalls_before, f"the gateway's loop stalled for up to {longest * 1000:.0f} ms"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_process_killed_in_a_run_costs_nothing_that_was_promised(
    victim: str, doomed: Stack, api: Api, audit: Audit, dice: random.Random
) -> None:
    await killed_in_a_run(doomed, api, audit, dice, victim)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_power_failure_in_a_run_costs_nothing_that_was_promised(
    doomed: Stack, api: Api, audit: Audit, dice: random.Random
) -> None:
    await killed_in_a_run(doomed, api, audit, dice, *VICTIMS, *SERVERS)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("round_number", range(10))
async def test_any_two_processes_killed_in_a_run_cost_nothing_that_was_promised(
    round_number: int, doomed: Stack, api: Api, audit: Audit, dice: random.Random
) -> None:
    victims = dice.sample((*VICTIMS, *SERVERS), k=2)
    print(f"round {round_number}")
    await killed_in_a_run(doomed, api, audit, dice, *victims)
