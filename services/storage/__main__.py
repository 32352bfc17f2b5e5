"""``python -m services.storage``: serve until told to stop."""

import asyncio

from libs.logs import configure_logging
from libs.web.server import serve
from services.storage.app import internal_application, public_application
from services.storage.context import open_context
from services.storage.settings import Settings


async def main() -> None:
    """Read the settings, build the context, serve both ports."""
    settings = Settings()
    configure_logging("storage", settings.log_level)
    async with open_context(settings) as context:
        await serve(
            public=(public_application(context), settings.host, settings.port),
            internal=(internal_application(context), settings.host, settings.internal_port),
            grace=settings.grace,
        )


if __name__ == "__main__":
    asyncio.run(main())
