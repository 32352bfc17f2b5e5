"""Limits hold for the bytes that came."""

from collections.abc import AsyncIterator

import pytest

from services.gateway.files.errors import EmptyFile, FileTooLarge, QuotaExceeded
from services.gateway.files.intake import Intake
from services.gateway.files.types import HEAD_BYTES


async def in_pieces(content: bytes, size_bytes: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size_bytes):
        yield content[start : start + size_bytes]


async def test_the_head_is_looked_at_and_nothing_of_the_file_is_lost() -> None:
    content = bytes(range(256)) * 200
    intake = Intake(in_pieces(content), max_bytes=len(content), quota_left=None)
    assert await intake.head() == content[:HEAD_BYTES]
    assert b"".join([chunk async for chunk in intake.chunks()]) == content


async def test_a_file_shorter_than_the_head_comes_through_whole() -> None:
    intake = Intake(in_pieces(b"short"), max_bytes=5, quota_left=5)
    assert await intake.head() == b"short"
    assert b"".join([chunk async for chunk in intake.chunks()]) == b"short"


async def test_a_file_without_bytes_is_refused() -> None:
    with pytest.raises(EmptyFile):
        await Intake(in_pieces(b""), max_bytes=5, quota_left=None).head()


async def test_one_byte_too_many_is_too_large() -> None:
    intake = Intake(in_pieces(b"x" * 20_001), max_bytes=20_000, quota_left=None)
    await intake.head()
    with pytest.raises(FileTooLarge):
        _ = [chunk async for chunk in intake.chunks()]


async def test_one_byte_more_than_the_quota_leaves_is_refused() -> None:
    intake = Intake(in_pieces(b"x" * 101), max_bytes=20_000, quota_left=100)
    with pytest.raises(QuotaExceeded):
        await intake.head()
