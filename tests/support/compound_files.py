"""OLE compound files (MS-CFB) made by hand: what legacy Office documents and protected ones are wrapped in."""

import struct
from collections.abc import Mapping

_SECTOR = 512
_END_OF_CHAIN, _FAT_SECTOR, _FREE, _NO_ENTRY = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF, 0xFFFFFFFF
_SMALLEST_STREAM = 4096
"""Smaller streams would go into a second, smaller table; ours are filled up instead."""

_ROOT, _STREAM = 5, 2


def compound_file(streams: Mapping[str, bytes], *, directory_at_end: bool = False) -> bytes:
    """Make a compound file of these streams, of up to 60 KB in all; its directory begins or ends it."""
    contents = [_filled(content) for content in streams.values()]
    directory_sectors = -(-(len(streams) + 1) * 128 // _SECTOR)
    content_sectors = sum(len(content) for content in contents) // _SECTOR
    first_content = 1 if directory_at_end else 1 + directory_sectors
    directory_at = 1 + content_sectors if directory_at_end else 1
    fat = [_FAT_SECTOR] + [_FREE] * (content_sectors + directory_sectors)
    _chain(fat, directory_at, directory_sectors)
    entries = [_entry("Root Entry", _ROOT, child=1, right=_NO_ENTRY, start=_END_OF_CHAIN, size=0)]
    at = first_content
    for number, (name, content) in enumerate(zip(streams, contents, strict=True), 1):
        _chain(fat, at, len(content) // _SECTOR)
        right = number + 1 if number < len(streams) else _NO_ENTRY
        entries.append(_entry(name, _STREAM, child=_NO_ENTRY, right=right, start=at, size=len(content)))
        at += len(content) // _SECTOR
    directory = b"".join(entries).ljust(directory_sectors * _SECTOR, b"\0")
    body = [*contents, directory] if directory_at_end else [directory, *contents]
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(_SECTOR, b"\xff")
    return _header(directory_at) + table + b"".join(body)


def _filled(content: bytes) -> bytes:
    length = max(_SMALLEST_STREAM, -(-len(content) // _SECTOR) * _SECTOR)
    return content.ljust(length, b"\0")


def _chain(fat: list[int], start: int, count: int) -> None:
    for sector in range(start, start + count):
        fat[sector] = sector + 1
    fat[start + count - 1] = _END_OF_CHAIN


def _entry(name: str, kind: int, *, child: int, right: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    links = struct.pack("<III", _NO_ENTRY, right, child)
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def _header(directory_at: int) -> bytes:
    versions = struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    numbers = (0, 1, directory_at, 0, _SMALLEST_STREAM, _END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
    counts = bytes(6) + struct.pack("<9I", *numbers)
    table_sectors = struct.pack("<I", 0) + b"\xff" * 432
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + versions + counts + table_sectors
