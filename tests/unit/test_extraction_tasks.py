"""Work that goes on beside a run: what it fails with is told, to the run or to the log."""

import asyncio
import logging
from unittest.mock import AsyncMock, MagicMock

import pytest

from libs.amqp.publisher import Publisher
from libs.contracts.records import FileRecord
from services.extraction.page_writer import PageWriter
from services.extraction.progress import Progress
from services.extraction.result import Gathering
from services.extraction.store import ExtractionStore


class _BlockError(Exception):
    """What the block itself fails with."""


def _failing_writer() -> PageWriter:
    store = AsyncMock(spec=ExtractionStore)
    store.save_pages.side_effect = ZeroDivisionError("a bug")
    gathering = MagicMock(spec=Gathering, batch_begun=True, batch_full=False, pages_done=1)
    return PageWriter(store, MagicMock(), gathering, MagicMock(spec=Progress), period=60)


def _logged(caplog: pytest.LogCaptureFixture) -> list[type[BaseException] | None]:
    return [record.exc_info[0] for record in caplog.records if record.exc_info]


async def _let_others_run() -> None:
    await asyncio.sleep(0.01)


async def test_an_unexpected_failure_of_progress_is_logged_and_harms_no_run(caplog: pytest.LogCaptureFixture) -> None:
    publisher = AsyncMock(spec=Publisher)
    publisher.publish.side_effect = ZeroDivisionError("a bug")
    file = MagicMock(spec=FileRecord, **dict.fromkeys(("id", "app_id", "owner", "conversation_id"), None))
    with caplog.at_level(logging.ERROR), pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.extraction.progress.FileProgress", MagicMock())
        async with Progress(publisher, file, correlation_id="test", period=60) as progress:
            progress.tell(1, 2)
            await _let_others_run()
    assert _logged(caplog) == [ZeroDivisionError]


async def _write_two(last: Exception | None = None) -> None:
    """Take in two pages, of which the first is being written when the second comes; or fail in between."""
    async with _failing_writer() as writer:
        await writer.added()
        await _let_others_run()
        if last:
            raise last
        await writer.added()


async def test_a_failure_to_write_pages_is_logged_when_the_block_fails_too(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(_BlockError):
        await _write_two(_BlockError())
    assert _logged(caplog) == [ZeroDivisionError]


async def test_a_failure_to_write_pages_is_told_once_by_the_next_page(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError):
        await _write_two()
    assert not _logged(caplog)
