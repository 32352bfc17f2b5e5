"""How much a caller may store: files in one place, bytes altogether.

Both are looked at twice. Before an upload begins a full quota refuses it at once. When its bytes are in, the file
first takes its place (its record says where it goes and how large it is, but nobody sees it yet), then everything else
that has a place is counted, and only then it becomes visible. Of two uploads racing for the last place whichever counts
last sees the other, so a limit is never passed; at worst both are refused and one succeeds when repeated.
"""

from libs.contracts.records import FileRecord
from services.gateway.files.display import size_display
from services.gateway.files.errors import QuotaExceeded, TooManyFiles
from services.gateway.files.store import FileStore
from services.gateway.settings import LimitSettings


class Allowance:
    """Applies ``max_files_per_conversation`` and ``quota_bytes``; where neither is set it costs nothing."""

    def __init__(self, files: FileStore, limits: LimitSettings) -> None:
        self._files = files
        self._limits = limits

    @property
    def limited(self) -> bool:
        """Whether there is anything to count."""
        return bool(self._limits.max_files_per_conversation or self._limits.quota_bytes)

    async def bytes_left(self, app_id: str, owner: str) -> int | None:
        """Return what the owner may still store, ``None`` without a quota. Raises ``QuotaExceeded`` at zero."""
        if not self._limits.quota_bytes:
            return None
        _, used = await self._files.usage(app_id, owner)
        if used >= self._limits.quota_bytes:
            raise self._quota_exceeded()
        return self._limits.quota_bytes - used

    async def check(self, record: FileRecord) -> None:
        """Raise ``TooManyFiles`` or ``QuotaExceeded`` if a file that has taken its place is one too many."""
        most = self._limits.max_files_per_conversation
        if most and await self._files.count_others(record) >= most:
            raise TooManyFiles(f"A conversation may hold {most} files.", limit=most)
        if self._limits.quota_bytes:
            _, used = await self._files.usage(record.app_id, record.owner, without=record.id)
            if used + record.size_bytes > self._limits.quota_bytes:
                raise self._quota_exceeded()

    def _quota_exceeded(self) -> QuotaExceeded:
        quota = self._limits.quota_bytes
        return QuotaExceeded(f"An API key may store {size_display(quota)}.", quota_bytes=quota)
