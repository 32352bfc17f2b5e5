"""What can go wrong with the object store, and what S3 says when it does."""

from libs.errors import AppError, DependencyUnavailable, Kind


class ObjectMissing(AppError):
    """No object has this key."""

    kind, code, title = Kind.NOT_FOUND, "object_missing", "The file's content is not in the object store."


class ObjectTooLarge(AppError):
    """The object would need more than S3's 10,000 parts (see ``libs.objects.parts``)."""

    kind, code, title = Kind.TOO_LARGE, "file_too_large", "The file is larger than the object store can take."


class RangeUnsatisfiable(AppError):
    """The range wanted starts behind the object's last byte."""

    kind, code, title = Kind.INVALID, "range_unsatisfiable", "The range lies outside the file."


class StoreRefused(DependencyUnavailable):
    """The store answered, but not with what was asked for: credentials, bucket or the server itself are at fault.

    To callers it is an outage like any other; ``status`` and ``s3_code`` are for logs and for this package.
    """

    def __init__(self, status: int, s3_code: str) -> None:
        """Keep S3's answer, ``s3_code`` being the ``Code`` of its error document or empty."""
        super().__init__("object store")
        self.status = status
        self.s3_code = s3_code


class StoreMisconfigured(AppError):
    """The start-up self-test failed; the detail names the setting at fault."""

    kind, code, title = Kind.UNAVAILABLE, "object_store_misconfigured", "The object store's settings are wrong."
