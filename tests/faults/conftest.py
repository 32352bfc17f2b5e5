"""One whole stack, servers included, for the tests that break it. Each test leaves it in one piece."""

import os
import random
import secrets
from collections.abc import AsyncIterator

import pytest

from tests.faults.audit import Audit
from tests.support.api import Api
from tests.support.stack import Stack, fresh_stack

PATIENCE = {
    "RECEIVE_DEADLINE": "12",
    "STORAGE_UPLOAD_MARGIN": "1",
    "STORAGE_UPLOAD_CLAIM": "3",
    "STORAGE_QUARANTINE": "3",
    "EXTRACTION_TIMEOUT": "4",
    "EXTRACTION_MEMORY_BYTES": str(512 << 20),
    "EXTRACTION_CONCURRENCY": "2",
    "AMQP_STOP_GRACE": "1",
}
"""So short that everything a crash leaves behind is due within a test."""


@pytest.fixture(scope="session")
async def doomed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with fresh_stack(tmp_path_factory.mktemp("doomed"), **PATIENCE) as stack:
        yield stack
        await stack.supervisor.stop(gently=False)  # nobody reads its data again


@pytest.fixture
async def audit(doomed: Stack) -> AsyncIterator[Audit]:
    """Look behind the API; each test must begin and end with nothing out of order."""
    async with Audit.open(doomed) as opened:
        yield opened


@pytest.fixture
async def api(doomed: Stack) -> AsyncIterator[Api]:
    """Call as the owner of all files here."""
    async with Api.open(doomed.base_url, doomed.app_id, doomed.agent_id, doomed.api_key) as opened:
        yield opened


@pytest.fixture
def dice() -> random.Random:
    """Give moments and documents from a seed that is printed when the test fails; ``FAULTS_SEED`` repeats a run."""
    seed = int(os.environ.get("FAULTS_SEED") or secrets.randbelow(2**32))
    print(f"FAULTS_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - moments, no secrets
