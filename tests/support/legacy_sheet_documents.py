"""Legacy Excel workbooks for tests, record by record ([MS-XLS]), and the OLE container around them ([MS-CFB])."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SECTOR = 512
_SMALLEST_STREAM = 4_096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NOTE, _TEXT_BOX = 0x19, 0x06
_HYPERLINK = bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b")
_URL_MONIKER = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")


@dataclass(frozen=True)
class LegacySheet:
    """A sheet as the records of its cells and drawings; ``state`` 1 is hidden, 2 very hidden."""

    name: str
    records: Sequence[bytes] = field(default=())
    state: int = 0


def record(kind: int, data: bytes = b"") -> bytes:
    """Make a record: type, length, data."""
    return struct.pack("<HH", kind, len(data)) + data


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    """Make a cell that holds a number; rows and columns count from 0."""
    return record(0x0203, struct.pack("<HHHd", row, column, style, value))


def text(row: int, column: int, value: str, style: int = 0) -> bytes:
    """Make a cell that holds text."""
    return record(0x0204, struct.pack("<HHH", row, column, style) + _long_string(value))


def boolean_or_error(row: int, column: int, value: int, *, error: bool) -> bytes:
    """Make a cell that holds a truth value or an error's code."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, value, error))


def note(row: int, column: int, author: str, value: str) -> bytes:
    """Make a note on a cell: an object, its text, and the record that ties both to the cell."""
    tie = record(0x001C, struct.pack("<HHHH", row, column, 0, 1) + _long_string(author) + b"\0")
    return _drawn_text(_NOTE, value) + tie


def link(row: int, column: int, target: str) -> bytes:
    """Make a link on a cell, as an URL moniker ([MS-XLS] 2.4.140, [MS-OSHARED] 2.3.7)."""
    address = f"{target}\0".encode("utf-16-le")
    moniker = _URL_MONIKER + struct.pack("<I", len(address)) + address
    return record(
        0x01B8, struct.pack("<HHHH", row, row, column, column) + _HYPERLINK + struct.pack("<II", 2, 3) + moniker
    )


def text_box(value: str) -> bytes:
    """Make a text box."""
    return _drawn_text(_TEXT_BOX, value)


def chart(*texts: str) -> bytes:
    """Make a chart with these titles or series' names."""
    names = b"".join(record(0x100D, b"\0\0" + _short_string(name)) for name in texts)
    return _beginning(0x0020) + names + record(0x000A)


def biff(
    sheets: Sequence[LegacySheet], *, formats: Sequence[str] = (), date_1904: bool = False, password: bool = False
) -> bytes:
    """Make a workbook stream; style number n + 1 has the n-th format, style 0 none."""
    font = record(0x0031, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _short_string("Arial"))
    codes = b"".join(record(0x041E, struct.pack("<H", 164 + n) + _long_string(c)) for n, c in enumerate(formats))
    numbers = [0, *(164 + n for n in range(len(formats)))]
    styles = b"".join(record(0x00E0, struct.pack("<HHH", 0, n, 1) + b"\0" * 14) for n in numbers)
    head = _beginning(0x0005) + (record(0x002F, b"\0" * 54) if password else b"")
    head += record(0x0042, b"\xb0\x04") + record(0x0022, bytes([date_1904, 0])) + font + codes + styles
    bodies = [_beginning(0x0010) + b"".join(sheet.records) + record(0x000A) for sheet in sheets]
    directory = [struct.pack("<BB", sheet.state, 0) + _short_string(sheet.name) for sheet in sheets]
    offset = len(head) + sum(len(entry) + 8 for entry in directory) + len(record(0x000A))
    entries = b""
    for entry, body in zip(directory, bodies, strict=True):
        entries += record(0x0085, struct.pack("<I", offset) + entry)
        offset += len(body)
    return head + entries + record(0x000A) + b"".join(bodies)


def ole(streams: Mapping[str, bytes]) -> bytes:
    """Make an OLE container of these streams, each long enough to have sectors of its own."""
    filled = {
        name: data.ljust(max(_SMALLEST_STREAM, -len(data) % _SECTOR + len(data)), b"\0")
        for name, data in streams.items()
    }
    chains: list[int] = []
    starts = []
    for data in filled.values():
        starts.append(len(chains))
        count = len(data) // _SECTOR
        chains += [*range(len(chains) + 1, len(chains) + count), _END]
    directory = [_entry("Root Entry", 5, _END, 0, child=1 if filled else _FREE)]
    for index, (name, data) in enumerate(filled.items(), start=1):
        directory.append(
            _entry(name, 2, starts[index - 1], len(data), right=index + 1 if index < len(filled) else _FREE)
        )
    listing = b"".join(directory).ljust(-(-len(directory) // 4) * _SECTOR, b"\0")
    first_of_directory = len(chains)
    count = len(listing) // _SECTOR
    chains += [*range(first_of_directory + 1, first_of_directory + count), _END]
    tables = next(n for n in range(1, 110) if (len(chains) + n) * 4 <= n * _SECTOR)
    places = range(len(chains), len(chains) + tables)
    chains += [_FAT] * tables
    table = struct.pack(f"<{len(chains)}I", *chains).ljust(tables * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, tables, first_of_directory, 0, _SMALLEST_STREAM, _END, 0, _END, 0,
    )  # fmt: skip
    header += struct.pack(f"<{tables}I", *places).ljust(109 * 4, b"\xff")
    return header + b"".join(filled.values()) + listing + table


def summary(title: str, author: str) -> bytes:
    """Make the property set that holds title and author ([MS-OLEPS])."""
    values = [struct.pack("<Ihxx", 2, 1252)]
    for value in (title, author):
        data = value.encode("cp1252") + b"\0"
        values.append(struct.pack("<II", 0x1E, len(data)) + data.ljust(-(-len(data) // 4) * 4, b"\0"))
    places, offset = b"", 8 + 8 * len(values)
    for identifier, data in zip((1, 2, 4), values, strict=True):
        places += struct.pack("<II", identifier, offset)
        offset += len(data)
    section = struct.pack("<II", offset, len(values)) + places + b"".join(values)
    return struct.pack("<HHI16sI16sI", 0xFFFE, 0, 0, b"", 1, _SUMMARY_FORMAT, 48) + section


_SUMMARY_FORMAT = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")


def _beginning(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 1996, 0, 6))


def _drawn_text(kind: int, value: str) -> bytes:
    described = record(0x005D, struct.pack("<HHHHH", 0x15, 0x12, kind, 1, 0) + b"\0" * 12 + b"\0" * 4)
    head = struct.pack("<HHHHHHHI", 0, 0, 0, 0, 0, len(value), 16, 0)
    runs = struct.pack("<HHIHHI", 0, 0, 0, len(value), 0, 0)
    return described + record(0x01B6, head) + record(0x003C, b"\1" + value.encode("utf-16-le")) + record(0x003C, runs)


def _short_string(value: str) -> bytes:
    return struct.pack("<BB", len(value), 1) + value.encode("utf-16-le")


def _long_string(value: str) -> bytes:
    return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")


def _entry(name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE) -> bytes:
    encoded = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", encoded, len(encoded) + 2, kind, 1, _FREE, right, child, b"", 0, 0, 0, start, size
    )
