"""Cell addresses as spreadsheets write them: columns in letters, rows in numbers, both from 1 (``XFD1048576``)."""

import re
from functools import lru_cache

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_COLUMN = re.compile("[A-Za-z]{1,3}")
_LETTERS = 26


@lru_cache(maxsize=20_000)
def column_number(letters: str) -> int:
    """Return 1 for ``A``, 27 for ``AA``. Raises ``ValueError`` for what is no column."""
    if not _COLUMN.fullmatch(letters):
        raise ValueError(letters)
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return ``A`` for 1, ``AA`` for 27."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def address(row: int, column: int) -> str:
    """Return ``B3`` for row 3, column 2."""
    return f"{column_letters(column)}{row}"


def parse_address(text: str) -> tuple[int, int] | None:
    """Return row and column of an address, the first one's of a range; None for what is no address."""
    found = _ADDRESS.match(text)
    return (int(found[2]), column_number(found[1])) if found else None
