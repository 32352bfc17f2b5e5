"""What crosses the wall between the service and the child that reads a document.

The child reports in frames: four bytes of length (big-endian), then that much JSON. Nothing the child says is trusted:
a frame has a size limit, every field is validated and bounded here, and the reader (``sandbox``) bounds their sum.
"""

import struct
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from services.extraction.content import ErrorCode, Limits, Reason, Warn

MAX_FRAME_BYTES = 4 << 20
"""Room for a page of the largest size in four-byte characters, and for metadata."""

MAX_REPORTS_BESIDES_PAGES = 1_000

HEADER = struct.Struct(">I")

_LARGEST_NUMBER = 10_000_000
_Name = Annotated[str, Field(max_length=2_000)]
_Names = Annotated[list[_Name], Field(max_length=1_000)]


def _in_utc(moment: datetime | None) -> datetime | None:
    """Give a time that every store can hold, or None: the first and last days of the calendar have none in UTC."""
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
    except OverflowError:
        return None


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Begun(_Report):
    """The type was found; ``engine`` is absent when nothing is to be extracted from it."""

    kind: Literal["begun"] = "begun"
    media_type: Annotated[str, Field(max_length=200)]
    engine: _Name | None = None
    engine_version: _Name | None = None


class OutlineEntry(_Report):
    """One line of a document's own table of contents."""

    title: _Name
    level: Annotated[int, Field(ge=1, le=100)]
    page: Annotated[int, Field(le=_LARGEST_NUMBER)] | None = None


class FactsReport(_Report):
    """What the document says of itself; see ``content.Facts``."""

    kind: Literal["facts"] = "facts"
    page_count: Annotated[int, Field(ge=0, le=_LARGEST_NUMBER)] | None = None
    engine: _Name | None = None
    engine_version: _Name | None = None
    title: _Name | None = None
    author: _Name | None = None
    created_at: Annotated[datetime | None, AfterValidator(_in_utc)] = None
    language: _Name | None = None
    outline: Annotated[list[OutlineEntry], Field(max_length=1_000)] = []
    links: _Names = []
    attachments: _Names = []
    encrypted: bool | None = None
    signed: bool | None = None
    macros: bool | None = None


class PageReport(_Report):
    """One finished page."""

    kind: Literal["page"] = "page"
    number: Annotated[int, Field(ge=1, le=_LARGEST_NUMBER)]
    label: _Name | None = None
    text: str
    ocr: bool = False
    quality: Annotated[float, Field(ge=0, le=1)] = 1.0


class WarningReport(_Report):
    """Something to tell the reader."""

    kind: Literal["warning"] = "warning"
    warning: Warn


class HeavyReport(_Report):
    """What follows takes long."""

    kind: Literal["heavy"] = "heavy"


class Ended(_Report):
    """The last report: the document was read to its end, or ``error`` says why not.

    ``diagnosis`` is a traceback for our logs when the extractor failed in a way it did not foresee.
    """

    kind: Literal["ended"] = "ended"
    error: ErrorCode | None = None
    reason: Reason | None = None
    diagnosis: Annotated[str, Field(max_length=20_000)] | None = None


Finding = Begun | FactsReport | PageReport | WarningReport | HeavyReport
"""What a child reports while it reads."""

Report = Finding | Ended
_REPORT: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])


def encode(report: Report) -> bytes:
    """Give a report as a frame."""
    body = report.model_dump_json().encode()
    return HEADER.pack(len(body)) + body


def decode(untrusted_body: bytes) -> Report:
    """Read the body of a frame; raises ``pydantic.ValidationError``."""
    return _REPORT.validate_json(untrusted_body)


class Task(BaseModel):
    """One document for one child, as the service tells the template process. Sizes in bytes, times in seconds."""

    model_config = ConfigDict(frozen=True)

    folder: str
    """The job's private folder; the document in it is named ``SOURCE_NAME``."""
    suffix: str
    """The ending of the document's name."""
    declared_type: str
    """The media type its sender gave, which counts where the name says nothing."""
    limits: Limits
    slot: int
    """Which of the service's children this is; as root each gets a user id of its own."""
    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    open_files: int
    processes: int
    niceness: int


SOURCE_NAME = "source"


class InForce(BaseModel):
    """Which layers of confinement this machine lets the template process have."""

    model_config = ConfigDict(frozen=True)

    network_namespace: bool
    pid_namespace: bool
    mount_namespace: bool
    landlock: bool
    syscall_filter: bool
    own_user: bool


class Exit(BaseModel):
    """How a child ended, told by its keeper, which runs no document's code."""

    model_config = ConfigDict(frozen=True)

    signal: int | None
    status: int
    peak_bytes: int
    cpu_seconds: float
    killed: bool
    """Whether the keeper killed it because the service asked for that or went away."""
