"""``python -m services.extraction``: consume until told to stop."""

import asyncio

from libs.logs import configure_logging
from libs.web.server import serve
from services.extraction.app import internal_application
from services.extraction.context import open_context
from services.extraction.settings import Settings


async def main() -> None:
    """Read the settings, build the context, serve the internal port."""
    settings = Settings()
    configure_logging("extraction", settings.log_level)
    async with open_context(settings) as context:
        internal = (internal_application(context), settings.host, settings.internal_port)
        await serve(internal=internal, public=None, grace=settings.grace)


if __name__ == "__main__":
    asyncio.run(main())
