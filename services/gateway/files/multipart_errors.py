"""What can be wrong with a multipart body, before anyone looks at what it carries."""

from libs.errors import AppError, Kind


class FormError(AppError):
    """The request cannot be read any further, whatever its fields are for."""


class NotAForm(FormError):
    """The request's Content-Type is not ``multipart/form-data``."""

    kind, code, title = Kind.UNSUPPORTED_TYPE, "multipart_expected", "The body must be multipart/form-data."


class MalformedForm(FormError):
    """The body is not what RFC 7578 describes, or ended too early."""

    kind, code, title = Kind.MALFORMED, "malformed_multipart", "The multipart body is malformed."


class FormTooLarge(FormError):
    """Too many parts, or a header or text field longer than a form needs."""

    kind, code, title = Kind.TOO_LARGE, "form_too_large", "The form exceeds a limit."


class UnsupportedEncoding(FormError):
    """The body or a part is compressed or encoded; bytes must come as they are (RFC 7578 §4.7)."""

    kind, code, title = Kind.UNSUPPORTED_TYPE, "unsupported_encoding", "Bytes must be sent unencoded."


class UploadStalled(FormError):
    """The client stopped sending in the middle."""

    kind, code, title = Kind.TOO_SLOW, "upload_stalled", "The upload made no progress for too long."
