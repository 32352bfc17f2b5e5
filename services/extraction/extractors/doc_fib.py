"""The file information block of Word documents ([MS-DOC] 2.5): where in the container everything is."""

import struct
from dataclasses import dataclass

import olefile

from services.extraction.content import ErrorCode, Unreadable

_HEAD = struct.Struct("<HH6xH")
"""``wIdent``, ``nFib``, flags (§2.5.2)."""
_WORD = struct.Struct("<H")
_PAIR = struct.Struct("<II")
_WORD_97, _WORD_6 = 0xA5EC, 0xA5DC
_LAST_OF_WORD_6 = 103
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_BASE_BYTES = 32


@dataclass(frozen=True)
class FileInformation:
    """What the block says, and the stream that it begins."""

    document: bytes
    table: str
    """Name of the table stream."""
    version: int
    places: int
    """Where the list of places begins: after two lists that say their own lengths (§2.5.1)."""

    @property
    def is_word_97(self) -> bool:
        """Whether this is the format of Word 97 to 2003; Word 6 and 95 had an earlier one."""
        return self.places > 0

    @property
    def input_filter(self) -> str:
        """Name LibreOffice's filter for the version of Word that wrote the document."""
        if self.is_word_97:
            return "MS Word 97"
        return "MS WinWord 6.0" if self.version <= _LAST_OF_WORD_6 else "MS Word 95"

    def place(self, index: int) -> tuple[int, int]:
        """Return offset and size, in the table stream, of a structure of the list of places (§2.5.6)."""
        offset, size = _PAIR.unpack_from(self.document, self.places + index * _PAIR.size)
        return int(offset), int(size)


def read_information(ole: olefile.OleFileIO) -> FileInformation:
    """Read the block. Raises ``Unreadable``: ``encrypted``, which obfuscation counts as; ``corrupt``."""
    document = bytes(ole.openstream("WordDocument").read())
    identifier, version, flags = _HEAD.unpack_from(document)
    if identifier not in {_WORD_97, _WORD_6}:
        raise Unreadable(ErrorCode.CORRUPT)
    if flags & _ENCRYPTED:
        raise Unreadable(ErrorCode.ENCRYPTED)
    places = 0
    if identifier == _WORD_97:
        words_end = _BASE_BYTES + _WORD.size * (1 + _WORD.unpack_from(document, _BASE_BYTES)[0])
        places = words_end + _WORD.size * 2 + 4 * int(_WORD.unpack_from(document, words_end)[0])
    return FileInformation(document, "1Table" if flags & _TABLE_1 else "0Table", version, places)
