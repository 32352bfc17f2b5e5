"""The few XML documents of the S3 API that this package reads and writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from libs.errors import DependencyUnavailable

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_ANY = "{*}"


@dataclass(frozen=True)
class ObjectInfo:
    """An object without its bytes; listings leave ``metadata`` empty."""

    key: str
    size_bytes: int
    modified_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was begun and neither completed nor aborted; its parts take space unseen."""

    key: str
    upload_id: str
    started_at: datetime


class UnreadableDocument(DependencyUnavailable):
    """The server's answer is not the XML that S3 promises; something else may be listening there."""

    def __init__(self) -> None:
        super().__init__("object store")


def parse(text: bytes) -> ET.Element:
    """Parse an answer; raises ``UnreadableDocument``.

    Document types are refused, so there are no entities to expand or fetch.
    """
    if b"<!DOCTYPE" in text:
        raise UnreadableDocument
    try:
        return ET.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except ET.ParseError as error:
        raise UnreadableDocument from error


def value(element: ET.Element, name: str) -> str:
    """Give the text of a child, empty when there is none."""
    return element.findtext(_ANY + name) or ""


def error_code(text: bytes) -> str:
    """Give the ``Code`` of an error document, empty when the text is something else."""
    try:
        root = parse(text)
    except UnreadableDocument:
        return ""
    return value(root, "Code") if root.tag.endswith("Error") else ""


def objects(page: ET.Element) -> Iterator[ObjectInfo]:
    """Read one page of ListObjectsV2."""
    for entry in page.iterfind(_ANY + "Contents"):
        yield ObjectInfo(
            key=_key(page, entry),
            size_bytes=int(value(entry, "Size")),
            modified_at=datetime.fromisoformat(value(entry, "LastModified")),
        )


def uploads(page: ET.Element) -> Iterator[UnfinishedUpload]:
    """Read one page of ListMultipartUploads."""
    for entry in page.iterfind(_ANY + "Upload"):
        yield UnfinishedUpload(
            key=_key(page, entry),
            upload_id=value(entry, "UploadId"),
            started_at=datetime.fromisoformat(value(entry, "Initiated")),
        )


def completion(etags: list[str]) -> bytes:
    """Write the document that joins parts 1, 2, … in order."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
        for number, etag in enumerate(etags, start=1)
    )
    return f'<CompleteMultipartUpload xmlns="{_NAMESPACE}">{parts}</CompleteMultipartUpload>'.encode()


def bucket_location(region: str) -> bytes:
    """Write the document that creates a bucket in ``region``; us-east-1 is named by saying nothing."""
    if region == "us-east-1":
        return b""
    location = f"<LocationConstraint>{escape(region)}</LocationConstraint>"
    return f'<CreateBucketConfiguration xmlns="{_NAMESPACE}">{location}</CreateBucketConfiguration>'.encode()


def _key(page: ET.Element, entry: ET.Element) -> str:
    key = value(entry, "Key")
    return unquote_plus(key) if value(page, "EncodingType") == "url" else key
