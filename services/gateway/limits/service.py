"""Publish the limits; they are settings and never change while the process lives."""

from services.gateway.chat.budget import USABLE_SHARE
from services.gateway.files.types import FILE_TYPES
from services.gateway.limits.models import ExtensionBody, LimitsBody
from services.gateway.settings import Settings


class LimitService:
    """Knows the limits."""

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits
        self._limits = LimitsBody(
            max_upload_size=limits.max_upload_size,
            max_files_per_request=limits.max_files_per_request,
            max_files_per_conversation=limits.max_files_per_conversation,
            max_tokens=min(limits.max_tokens, int(settings.model.context_tokens * USABLE_SHARE)),
            requests_per_minute=limits.requests_per_minute,
            quota_bytes=limits.quota_bytes,
            max_wait=settings.max_wait.total_seconds(),
            extensions={
                ending: ExtensionBody(accepted=True, extracted=True, how=kind.how, mime_types=list(kind.media_types))
                for ending, kind in sorted(FILE_TYPES.items())
            },
        )

    def get(self) -> LimitsBody:
        """Return the published limits."""
        return self._limits
