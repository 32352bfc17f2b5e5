"""Cut a stream of unknown length into the parts of an S3 multipart upload.

S3 allows 10,000 parts of at least 5 MiB. Parts double every 1,000 numbers up to eight times the first size, so that
8 MiB to begin with reach 492 GiB while no upload ever holds more than two parts of 64 MiB, and two of 8 MiB for
anything below 8 GiB. S3's own bound of 5 TiB would need parts of half a gibibyte in memory.
"""

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

from libs.objects.errors import ObjectTooLarge

_MAX_PARTS = 10_000
_PARTS_PER_SIZE = 1_000
_MAX_DOUBLINGS = 3


@dataclass(frozen=True)
class Part:
    """Consecutive bytes of an object; ``last`` says that nothing follows."""

    number: int
    data: bytearray
    last: bool


async def cut(chunks: AsyncIterable[bytes], part_size_bytes: int) -> AsyncGenerator[Part, None]:
    """Give one part at least, an empty one for an empty stream; only the last is short.

    Raises ``ObjectTooLarge`` when the parts run out, and whatever ``chunks`` raises, unchanged.
    """
    number, data, size = 1, bytearray(), part_size_bytes
    async for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            if len(data) == size:
                yield Part(number, data, last=False)
                number, data = number + 1, bytearray()
                size = _size_of(number, part_size_bytes)
            taken = rest[: size - len(data)]
            data += taken
            rest = rest[len(taken) :]
    yield Part(number, data, last=True)


def _size_of(number: int, first_size: int) -> int:
    if number > _MAX_PARTS:
        raise ObjectTooLarge
    return first_size << min((number - 1) // _PARTS_PER_SIZE, _MAX_DOUBLINGS)
