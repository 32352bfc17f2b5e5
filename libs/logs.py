"""JSON lines on standard output: constant event text, data as fields, the request id on every line.

Bodies, tokens, keys, links and file names above DEBUG never reach a log; callers pass ids.
"""

import logging
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request or message being worked on; carried over HTTP and AMQP."""

_QUIET_LOGGERS = ("aio_pika", "httpx", "httpx2", "httpcore2", "openai", "pymongo", "urllib3")
_SILENT_LOGGERS = ("aiormq",)
"""Libraries whose every failure reaches us as an exception, which we log ourselves, once."""


class _ServiceFilter(logging.Filter):
    """Adds who speaks and for which request."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def filter(self, record: logging.LogRecord) -> bool:
        record.service = self._service
        record.request_id = REQUEST_ID.get()
        return True


def configure_logging(service: str, level: str) -> None:
    """Send everything from ``level`` up to standard output as JSON lines; libraries speak from WARNING up."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_ServiceFilter(service))
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{service}{request_id}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
