"""The longest an upload may take, however steadily it trickles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.gateway.files.errors import UploadExpired


@asynccontextmanager
async def upload_deadline(allowed: timedelta) -> AsyncIterator[None]:
    """Raise ``UploadExpired`` when the block takes longer; time limits of others inside it pass unchanged."""
    try:
        async with asyncio.timeout(allowed.total_seconds()) as deadline:
            yield
    except TimeoutError:
        if not deadline.expired():
            raise
        raise UploadExpired from None
