"""Errors as data: each is a class with a kind and a stable code; tables elsewhere turn kinds into answers.

``libs.web.problems`` maps a kind to an HTTP status; ``libs.amqp.consumer`` maps it to acknowledge, retry or
dead-letter. Nobody else decides what an error means to the outside.
"""

from datetime import timedelta
from enum import StrEnum, auto
from typing import ClassVar


class Kind(StrEnum):
    """What sort of failure it is, independent of the protocol it is reported over."""

    MALFORMED = auto()
    TOO_SLOW = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    GONE = auto()
    TOO_LARGE = auto()
    UNSUPPORTED_TYPE = auto()
    INVALID = auto()
    RATE_LIMITED = auto()
    UPSTREAM_FAILED = auto()
    UNAVAILABLE = auto()
    UPSTREAM_TIMEOUT = auto()


class AppError(Exception):
    """A failure with a name. ``str(error)`` is the detail shown to the caller, so it never holds a secret.

    ``title`` is one fixed sentence per class, ``extra`` becomes additional members of the problem document
    (RFC 9457 §3.2), ``retry_after`` the ``Retry-After`` header.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, retry_after: timedelta | None = None, **extra: object) -> None:
        """Describe this occurrence; without ``detail`` the class's title says enough."""
        super().__init__(detail or self.title)
        self.retry_after = retry_after
        self.extra = extra


class DependencyUnavailable(AppError):
    """A server we stand on did not answer; nothing was lost and repeating is safe."""

    kind, code, title = Kind.UNAVAILABLE, "dependency_unavailable", "A service this one depends on does not answer."

    def __init__(self, dependency: str) -> None:
        """Name the dependency: ``database``, ``object store`` or ``broker``."""
        super().__init__(f"The {dependency} does not answer; repeat in a moment.", retry_after=timedelta(seconds=5))
