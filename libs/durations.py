"""Durations in settings: a number of seconds, ``HH:MM:SS`` or ISO 8601 (``PT30S``, ``P30D``)."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator


def _read_seconds(value: Any) -> Any:
    """Let a plain number in an environment variable mean seconds; pydantic itself takes numbers, not their text."""
    if isinstance(value, str) and value.strip().replace(".", "", 1).isdecimal():
        return float(value)
    return value


Duration = Annotated[timedelta, BeforeValidator(_read_seconds)]
"""A ``timedelta`` that an environment variable may give as plain seconds, ``30`` or ``0.5``."""
