"""Look at a ZIP's directory before any parser unpacks it.

Nothing is ever unpacked to disk, so names and links in a ZIP lead nowhere, and archives within it stay closed. Readers
never read past the sizes declared in the directory, so checking those is enough.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from services.extraction.content import ErrorCode, Limits, Reason, Unreadable

_RATIO_MATTERS_FROM = 1 << 20
"""Smaller contents harm nobody however well they pack: an empty sheet may pack 1000 to 1."""

_LARGEST_DIRECTORY_BYTES = 16 << 20
"""Room for 100,000 members with long names; listing them takes ten times that in memory."""

_PROLOG_BYTES = 8 << 10
_ENCODINGS = (
    (b"\xff\xfe\0\0", "utf-32-le"), (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"), (b"\0\0\0<", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"<\0", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"), (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)  # fmt: skip
"""How the first bytes of XML tell its encoding (XML 1.0 appendix F); everything else has ASCII's letters."""

_DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, zlib.error)
"""What zipfile raises for damaged archives, those with a password and those packed by unknown means."""


class _Listing(io.BufferedReader):
    """A file that gives no piece larger than a directory may be until its archive is ``listed``.

    zipfile reads the directory in one piece. What it takes for that is for it to say: an archive can hold several end
    records, and a search of ours could find another than zipfile does.
    """

    listed = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.listed and size is not None and size > _LARGEST_DIRECTORY_BYTES:
            raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.ARCHIVE_MEMBERS)
        return super().read(size)


@contextmanager
def open_archive(source: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP; whatever damage is met before the block ends makes it ``corrupt`` (``Unreadable``)."""
    try:
        with _Listing(io.FileIO(source)) as file, zipfile.ZipFile(file) as archive:
            file.listed = True
            yield archive
    except _DAMAGED as error:
        raise Unreadable(ErrorCode.CORRUPT) from error


def check_archive(source: Path, limits: Limits) -> None:
    """Refuse a ZIP that would unpack to more than the limits.

    Raises ``Unreadable``: ``too_large_uncompressed``, ``encrypted``, or ``corrupt`` for a damaged directory and for
    members that share bytes, as they do in the smallest bombs.
    """
    with open_archive(source) as archive:
        members = archive.infolist()
    if len(members) > limits.members:
        raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.ARCHIVE_MEMBERS)
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.ARCHIVE_SIZE)
    packed = max(1, min(sum(member.compress_size for member in members), source.stat().st_size))
    if unpacked > _RATIO_MATTERS_FROM and unpacked > packed * limits.ratio:
        raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.ARCHIVE_RATIO)
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(ErrorCode.ENCRYPTED)
    if _overlap(members):
        raise Unreadable(ErrorCode.CORRUPT)


def refuse_doctype(source: Path) -> None:
    """Refuse an Office package with a document type declaration, which OOXML forbids (ECMA-376 part 2) and attacks use.

    It may only stand before the root element, so the first bytes of each part tell. Raises ``Unreadable``
    (``corrupt``). Call after ``check_archive``.
    """
    with open_archive(source) as archive:
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels")):
                with archive.open(member) as stream:
                    _check_prolog(stream.read(_PROLOG_BYTES))


def _overlap(members: list[zipfile.ZipInfo]) -> bool:
    spans = sorted((member.header_offset, member.compress_size) for member in members)
    return any(start + size > following for (start, size), (following, _) in pairwise(spans))


def _check_prolog(head: bytes) -> None:
    encoding = next((encoding for mark, encoding in _ENCODINGS if head.startswith(mark)), "latin-1")
    text = head.decode(encoding, "replace").removeprefix("\ufeff").removeprefix("ï»¿").lstrip()
    while text.startswith(("<?", "<!--")):
        text = text.partition("?>" if text.startswith("<?") else "-->")[2].lstrip()
    endless = len(text) < len("<!") and len(head) == _PROLOG_BYTES
    if text.startswith("<!") or endless:  # no program writes a prolog so long: it hides what comes after
        raise Unreadable(ErrorCode.CORRUPT, Reason.DOCTYPE)
