"""How a stream becomes parts."""

from collections.abc import AsyncIterator, Iterable

import pytest

from libs.objects import parts
from libs.objects.errors import ObjectTooLarge
from libs.objects.parts import Part, cut


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def cut_all(chunks: Iterable[bytes], size: int) -> list[Part]:
    return [part async for part in cut(stream(chunks), size)]


def part(number: int, data: bytes, *, last: bool = False) -> Part:
    return Part(number, bytearray(data), last)


async def test_an_empty_stream_is_one_empty_part() -> None:
    assert await cut_all([], 4) == [part(1, b"", last=True)]


async def test_a_stream_of_exactly_one_part_has_no_empty_part_behind_it() -> None:
    assert await cut_all([b"ab", b"cd"], 4) == [part(1, b"abcd", last=True)]


async def test_chunks_larger_and_smaller_than_a_part_are_cut_alike() -> None:
    expected = [part(1, b"abcd"), part(2, b"efgh"), part(3, b"i", last=True)]
    assert await cut_all([b"abcdefghi"], 4) == expected
    assert await cut_all([b"abc", b"", b"defg", b"hi"], 4) == expected


async def test_late_parts_grow_and_running_out_of_them_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_MAX_PARTS", 12)
    monkeypatch.setattr(parts, "_PARTS_PER_SIZE", 2)
    sizes = [1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 8, 8]
    assert [len(piece.data) for piece in await cut_all([bytes(sum(sizes))], 1)] == sizes
    with pytest.raises(ObjectTooLarge):
        await cut_all([bytes(sum(sizes) + 1)], 1)
