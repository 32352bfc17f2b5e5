"""A file's bytes on their way through: looked at, counted, bounded, never collected."""

from collections.abc import AsyncIterator

from services.gateway.files.display import size_display
from services.gateway.files.errors import EmptyFile, FileTooLarge, QuotaExceeded
from services.gateway.files.types import HEAD_BYTES


class Intake:
    """Wraps the chunks of one upload. Limits hold for the bytes that came, whatever any header promised."""

    def __init__(self, chunks: AsyncIterator[bytes], *, max_bytes: int, quota_left: int | None) -> None:
        """Bound ``chunks`` by the size limit and by what is left of the quota (``None``: no quota)."""
        self._source = chunks
        self._max_bytes = max_bytes
        self._quota_left = quota_left
        self._size_bytes = 0
        self._head = bytearray()

    async def head(self) -> bytes:
        """Read the first bytes, enough to tell the type. Raises ``EmptyFile`` when there are none."""
        async for chunk in self._source:
            self._count(chunk)
            self._head += chunk
            if len(self._head) >= HEAD_BYTES:
                break
        if not self._head:
            raise EmptyFile
        return bytes(self._head[:HEAD_BYTES])

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the whole file, its head included. Raises ``FileTooLarge`` or ``QuotaExceeded`` in the middle."""
        head, self._head = bytes(self._head), bytearray()
        yield head
        async for chunk in self._source:
            self._count(chunk)
            yield chunk

    def _count(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        if self._size_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        if self._quota_left is not None and self._size_bytes > self._quota_left:
            raise QuotaExceeded(f"The file is larger than the {self._quota_left} bytes that are left of the quota.")


def too_large(max_bytes: int) -> FileTooLarge:
    """Make the error that names the limit."""
    return FileTooLarge(
        f"A file may have {size_display(max_bytes)} ({max_bytes} bytes) at most.", limit_bytes=max_bytes
    )
