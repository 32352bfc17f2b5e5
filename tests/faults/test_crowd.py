"""Many small files at once: each is read, once, and the gateway's event loop never stalls."""

import random
import time
from collections import Counter

import pytest

from tests.faults.audit import Audit
from tests.faults.crowd import Crowd, assert_kept, documents
from tests.support.api import Api

FILES = 200


@pytest.mark.timeout(180)
async def test_two_hundred_files_at_once_are_each_read_once(api: Api, audit: Audit, dice: random.Random) -> None:
    stalls_before, _ = await audit.loop_stalls("gateway")
    began = time.monotonic()
    crowd = Crowd(api, documents(dice, FILES), wait=10, keep=True)
    await crowd.run()
    uploaded = time.monotonic() - began
    settled = await audit.settled(seconds=60)
    stalls, longest = await audit.loop_stalls("gateway")
    print(
        f"{FILES} files uploaded in {uploaded:.1f} s (slowest answers {crowd.slowest()}), "
        f"in order {settled:.1f} s later; longest stall {longest * 1000:.0f} ms"
    )
    assert crowd.repeated == []
    assert stalls == stalls_before, f"the gateway's loop stalled for up to {longest * 1000:.0f} ms"
    await assert_kept(api, audit, crowd)
    inventory = await audit.inventory()
    names = Counter(file.filename for file in inventory.files.values())
    assert {names[promise.document.name] for promise in crowd.promises} == {1}
    attempts = Counter(inventory.extractions[promise.file_id].attempt for promise in crowd.promises)
    assert attempts == {1: FILES}, attempts
