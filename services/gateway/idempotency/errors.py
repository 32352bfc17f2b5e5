"""What can be wrong with an idempotency key."""

from libs.errors import AppError, Kind


class IdempotencyKeyInvalid(AppError):
    """The header is empty, too long or holds characters that are no plain text."""

    kind, code, title = (
        Kind.INVALID,
        "idempotency_key_invalid",
        "The Idempotency-Key must be 1 to 255 visible characters.",
    )


class IdempotencyKeyReused(AppError):
    """The key came before with another request."""

    kind, code, title = Kind.INVALID, "idempotency_key_reused", "The Idempotency-Key was used for another request."


class RequestInProgress(AppError):
    """A request with this key is still running; repeating in a moment gives its answer."""

    kind, code, title = Kind.CONFLICT, "request_in_progress", "A request with this Idempotency-Key is still running."
