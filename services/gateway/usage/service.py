"""Count tokens as they are spent; files and bytes are counted where they are, so they cannot drift."""

from services.gateway.auth.models import Principal
from services.gateway.files.display import size_display
from services.gateway.files.store import FileStore
from services.gateway.settings import LimitSettings
from services.gateway.usage.models import UsageBody
from services.gateway.usage.store import UsageStore


class UsageService:
    """What a principal has used against its quota."""

    def __init__(self, store: UsageStore, files: FileStore, limits: LimitSettings) -> None:
        self._store = store
        self._files = files
        self._limits = limits

    async def add_tokens(self, principal: Principal, prompt: int, completion: int) -> None:
        """Count what one turn has cost."""
        await self._store.add(principal, prompt_tokens=prompt, completion_tokens=completion)

    async def get(self, principal: Principal) -> UsageBody:
        """Return what the principal has used."""
        files, size_bytes = await self._files.usage(principal.app_id, principal.id)
        return UsageBody(
            bytes_used=size_bytes,
            bytes_display=size_display(size_bytes),
            quota_bytes=self._limits.quota_bytes,
            files=files,
            tokens=await self._store.get(principal),
        )
