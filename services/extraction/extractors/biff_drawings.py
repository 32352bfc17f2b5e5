"""What is drawn on the sheets of a legacy Excel workbook: text boxes and charts, which xlrd passes over.

The workbook stream is a sequence of records ([MS-XLS] §2.1.4), each a type and a length before its data. Every sheet is
a substream, and every chart one within it.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.extraction.content import ErrorCode, Unreadable

_BOF, _EOF, _CONTINUE, _FILEPASS = 0x0809, 0x000A, 0x003C, 0x002F
_BOUNDSHEET, _OBJECT, _TEXT_OBJECT, _SERIES_TEXT, _LABEL = 0x0085, 0x005D, 0x01B6, 0x100D, 0x0204
_BIFF8, _CHART, _NOTE = 0x0600, 0x0020, 0x0019
"""The format since Excel 97; a substream that is a chart; an object that is a cell's note, which xlrd reads."""
_HEADER = struct.Struct("<HH")
_WIDE = 0x01
_STATE = 0x03

_Record = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class DrawnSheet:
    """Whether a sheet is hidden, and the lines drawn on it."""

    hidden: bool
    lines: list[str]


def biff_drawings(stream: bytes) -> Mapping[str, DrawnSheet]:
    """Return what is drawn on each sheet, by name, in the workbook's order; nothing for formats before Excel 97.

    Raises ``Unreadable`` (``encrypted``) for a workbook with a password.
    """
    sheets: dict[str, DrawnSheet] = {}
    for kind, data in _substream(stream, 0):
        if kind == _FILEPASS:
            raise Unreadable(ErrorCode.ENCRYPTED)
        if kind == _BOF and _number(data, 0) != _BIFF8:
            return {}
        if kind == _BOUNDSHEET:
            name = _characters(data[7:], sum(data[6:7]))
            lines = _lines(_substream(stream, _number(data, 0) + (_number(data, 2) << 16)))
            sheets[name] = DrawnSheet(any(byte & _STATE for byte in data[4:5]), list(lines))
    return sheets


def _substream(stream: bytes, offset: int) -> Iterator[_Record]:
    """Give the records from a beginning to the end that belongs to it."""
    depth = 0
    while offset + _HEADER.size <= len(stream):
        kind, length = _HEADER.unpack_from(stream, offset)
        offset += _HEADER.size
        depth += (kind == _BOF) - (kind == _EOF)
        yield kind, stream[offset : offset + length]
        if depth <= 0:
            return
        offset += length


def _lines(records: Iterator[_Record]) -> Iterator[str]:
    chart: list[str] | None = None
    is_note = False
    for kind, data in records:
        if kind == _BOF and _number(data, 2) == _CHART:
            chart = []
        elif kind == _EOF and chart is not None:
            yield f"Chart: {', '.join(dict.fromkeys(filter(None, chart)))}".rstrip(" :")
            chart = None
        elif kind == _OBJECT:
            is_note = _number(data, 4) == _NOTE
        elif kind == _TEXT_OBJECT:
            text = _continued(records, _number(data, 10)).strip()
            yield from [text] if text and not is_note else []
        elif chart is not None and kind == _SERIES_TEXT:
            chart.append(_characters(data[3:], sum(data[2:3])))
        elif chart is not None and kind == _LABEL:
            chart.append(_characters(data[8:], _number(data, 6)))


def _continued(records: Iterator[_Record], count: int) -> str:
    """Take the characters of a text object from the records that continue it, each with its own encoding."""
    text = ""
    while len(text) < count:
        kind, data = next(records, (_EOF, b""))
        if kind != _CONTINUE or len(data) <= 1:
            return text
        text += _characters(data, count - len(text))
    return text


def _characters(data: bytes, count: int) -> str:
    """Decode characters behind the flag that tells their width ([MS-XLS] §2.5.293)."""
    if data[:1] and data[0] & _WIDE:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
