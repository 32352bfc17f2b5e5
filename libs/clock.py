"""The one way to ask what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment, aware and in UTC, cut to the milliseconds that MongoDB keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
