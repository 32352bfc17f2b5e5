"""What the limits answer."""

from libs.errors import AppError, Kind


class RateLimited(AppError):
    """The key has made as many requests as it may in this window."""

    kind, code, title = Kind.RATE_LIMITED, "rate_limited", "There were too many requests; repeat after a while."
