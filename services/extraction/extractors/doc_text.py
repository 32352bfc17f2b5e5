"""The text of a Word document without LibreOffice: every piece of it, in the order of the file ([MS-DOC] 2.4.1).

Body, footnotes, headers, comments, endnotes and text boxes follow each other. Which text is deleted or hidden is not
known here, and there are no pages.
"""

import re
import struct
from collections.abc import Iterator

import olefile

from services.extraction.content import ErrorCode, Limits, Page, Unreadable
from services.extraction.extractors.blocks import blocks_of_lines
from services.extraction.extractors.doc_fib import FileInformation, read_information
from services.extraction.text import lines_of

_PIECES = 33
"""Index of ``fcClx`` in the list of places (§2.5.6)."""
_PIECE_TABLE, _PROPERTIES = 2, 1
_PIECE = struct.Struct("<2xIH")
_COMPRESSED = 0x40000000
_OLD_TEXT = struct.Struct("<24xII")
"""``fcMin`` and ``fcMac`` of Word 6 and 95, whose text is in one piece unless it was saved fast."""
_FIELD = re.compile("([\x13\x14\x15])")
_BEGIN, _RESULT, _END = "\x13\x14\x15"
_ROW_END, _CELL_END = "\x07\x07", "\x07"
_SIGNS = str.maketrans({"\x1e": "-", "\x1f": None, "\r": "\n", "\v": "\n", "\x0e": "\n", "\xa0": " "})


def read_text(ole: olefile.OleFileIO, limits: Limits) -> Iterator[Page]:
    """Give the text in blocks of lines; raises ``Unreadable`` (``corrupt``) where there is none."""
    information = read_information(ole)
    pieces = _pieces(information, ole) if information.is_word_97 else _old_text(information)
    found = False
    for page in blocks_of_lines(lines_of(_shown(pieces), limits.block_characters), limits):
        found |= not page.text.isspace()
        yield page
    if not found:
        raise Unreadable(ErrorCode.CORRUPT)


def _pieces(information: FileInformation, ole: olefile.OleFileIO) -> Iterator[str]:
    """Decode piece by piece; what fast saves appended stands between its neighbours in the text (§2.9.38)."""
    table = bytes(ole.openstream(information.table).read())
    position, _ = information.place(_PIECES)
    while table[position] == _PROPERTIES:
        position += 3 + int(struct.unpack_from("<H", table, position + 1)[0])
    if table[position] != _PIECE_TABLE:
        raise Unreadable(ErrorCode.CORRUPT)
    size = int(struct.unpack_from("<I", table, position + 1)[0])
    count = (min(size, len(table)) - 4) // 12
    starts = struct.unpack_from(f"<{count + 1}I", table, position + 5)
    for number in range(count):
        place, _ = _PIECE.unpack_from(table, position + 5 + 4 * (count + 1) + _PIECE.size * number)
        length = max(starts[number + 1] - starts[number], 0)
        if place & _COMPRESSED:
            start = (place & ~_COMPRESSED) // 2
            yield information.document[start : start + length].decode("cp1252", "replace")
        else:
            yield information.document[place : place + 2 * length].decode("utf-16-le", "replace")


def _old_text(information: FileInformation) -> Iterator[str]:
    start, end = _OLD_TEXT.unpack_from(information.document)
    yield information.document[start:end].decode("cp1252", "replace")


def _shown(pieces: Iterator[str]) -> Iterator[str]:
    """Leave out the instructions of fields, keep their results (§2.8.25); mark cells by tabs and end rows."""
    fields: list[bool] = []
    instructions = 0
    for piece in pieces:
        for part in _FIELD.split(piece):
            if part == _BEGIN:
                fields.append(True)
                instructions += 1
            elif part == _RESULT and fields:
                instructions -= fields[-1]
                fields[-1] = False
            elif part == _END and fields:
                instructions -= fields.pop()
            elif not instructions:
                yield part.replace(_ROW_END, "\n").replace(_CELL_END, "\t").translate(_SIGNS)
