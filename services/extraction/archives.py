"""Look at a ZIP's directory before any parser unpacks it."""

import re
import zipfile
from pathlib import Path

from services.extraction.content import ErrorCode, Limits, Unreadable

_RATIO_MATTERS_FROM = 1 << 20
"""Smaller contents harm nobody however well they pack: an empty sheet may pack 1000 to 1."""

_CHUNK_BYTES = 1 << 20
_DOCTYPE = re.compile(
    b"|".join(re.escape("<!DOCTYPE".encode(encoding)) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
)
_OVERLAP_BYTES = 2 * len("<!DOCTYPE")


def check_archive(source: Path, limits: Limits) -> None:
    """Refuse a ZIP that would unpack to more than the limits; readers never read past the sizes declared here.

    Raises ``Unreadable``: ``too_large_uncompressed``, ``encrypted``, or ``corrupt`` for a damaged directory.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable(ErrorCode.CORRUPT) from error
    unpacked = sum(member.file_size for member in members)
    packed = max(1, min(sum(member.compress_size for member in members), source.stat().st_size))
    too_dense = unpacked > _RATIO_MATTERS_FROM and unpacked > packed * limits.ratio
    if unpacked > limits.unpacked_bytes or len(members) > limits.members or too_dense:
        raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED)
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(ErrorCode.ENCRYPTED)


def refuse_doctype(source: Path) -> None:
    """Refuse an Office package with a document type declaration, which OOXML forbids (ECMA-376 part 2) and attacks use.

    Raises ``Unreadable`` (``corrupt``). Call after ``check_archive``, which bounds what is unpacked here.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            for member in archive.infolist():
                if member.filename.lower().endswith((".xml", ".rels")):
                    _scan(archive, member)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        raise Unreadable(ErrorCode.CORRUPT) from error


def _scan(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    tail = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if _DOCTYPE.search(tail + chunk):
                raise Unreadable(ErrorCode.CORRUPT)
            tail = chunk[-_OVERLAP_BYTES:]
