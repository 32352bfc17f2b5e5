"""Token counters in MongoDB."""

from libs.mongo.database import Database
from services.gateway.auth.models import Principal
from services.gateway.usage.models import TokenUsage


class UsageStore:
    """Reads and writes the collection ``usage``: one document of counters per principal."""

    def __init__(self, database: Database) -> None:
        self._usage = database["usage"]

    async def add(self, principal: Principal, *, prompt_tokens: int, completion_tokens: int) -> None:
        """Add to the counters of a principal."""
        await self._usage.update_one(
            {"_id": principal.id},
            {
                "$inc": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
                "$setOnInsert": {"app_id": principal.app_id},
            },
            upsert=True,
        )

    async def get(self, principal: Principal) -> TokenUsage:
        """Return the counters; zeros for a principal that has none."""
        document = await self._usage.find_one({"_id": principal.id}) or {}
        prompt, completion = int(document.get("prompt_tokens", 0)), int(document.get("completion_tokens", 0))
        return TokenUsage(prompt=prompt, completion=completion, total=prompt + completion)
