"""What can be wrong with a request before any feature looks at it."""

from libs.errors import AppError, Kind


class MalformedBody(AppError):
    """The body is not what its media type says."""

    kind, code, title = Kind.MALFORMED, "malformed_body", "The request body cannot be read."


class InvalidRequest(AppError):
    """A field is missing, unknown or has a value it must not have; ``errors`` names each."""

    kind, code, title = Kind.INVALID, "validation_error", "The request is not valid; see errors."


class UnsupportedBodyType(AppError):
    """The body's media type is none this operation takes."""

    kind, code, title = Kind.UNSUPPORTED_TYPE, "unsupported_media_type", "This operation does not take such a body."
