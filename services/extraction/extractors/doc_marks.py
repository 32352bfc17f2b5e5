"""Marks in a Word document that decide what its layout shows ([MS-DOC]): deletions, and text formatted as hidden.

LibreOffice obeys both, so that deleted text would be read and hidden text lost. A few bits of a private copy change
that: the flag that shows revisions, and the values of the property that hides text.
"""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import olefile

from services.extraction.extractors.doc_fib import FileInformation, read_information

_STYLES, _CHARACTER_PAGES, _PROPERTIES = 1, 12, 31
"""Indexes of ``fcStshf``, ``fcPlcfBteChpx`` and ``fcDop`` in the list of places (§2.5.6)."""
_REVISIONS_BYTE, _REVISIONS_BIT = 7, 0x08
"""``fRMView`` in the document's properties (§2.7.2)."""
_PAGE_BYTES = 512
_PAGE_NUMBER = 0x3FFFFF
_HIDDEN, _SHOWN = b"\x3c\x08\x01", b"\x3c\x08\x00"
"""``sprmCFVanish`` with its two values (§2.6.1)."""


def copy_showing_current_text(source: Path, target: Path) -> None:
    """Copy a document of Word 97 or later, without its deletions and with its hidden text in sight.

    Raises ``struct.error``, ``IndexError`` or ``OSError`` for a damaged one.
    """
    shutil.copyfile(source, target)
    with olefile.OleFileIO(str(target), write_mode=True) as ole:
        information = read_information(ole)
        document = bytearray(information.document)
        table = bytearray(ole.openstream(information.table).read())
        properties, _ = information.place(_PROPERTIES)
        table[properties + _REVISIONS_BYTE] &= ~_REVISIONS_BIT
        _show(table, *information.place(_STYLES))
        for page in _character_pages(information, table):
            _show(document, page * _PAGE_BYTES, _PAGE_BYTES)
        ole.write_stream("WordDocument", bytes(document))
        ole.write_stream(information.table, bytes(table))


def _character_pages(information: FileInformation, table: bytearray) -> Iterator[int]:
    """Give the numbers of the pages that hold formatting of characters: the second half of the list (§2.8.5)."""
    offset, size = information.place(_CHARACTER_PAGES)
    entries = max(size - 4, 0) // 8
    for number in range(entries):
        yield struct.unpack_from("<I", table, offset + 4 * (entries + 1 + number))[0] & _PAGE_NUMBER


def _show(stream: bytearray, start: int, size: int) -> None:
    part = bytes(stream[start : start + size])
    stream[start : start + size] = part.replace(_HIDDEN, _SHOWN)
