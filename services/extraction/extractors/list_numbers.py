"""Numbers as lists show them: ``iv``, ``C``, ``2nd``; shared by the formats that store only that a list is numbered."""

from collections.abc import Callable, Mapping

_LARGEST_ROMAN = 3_999
_LONGEST_LETTERS = 20
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_TEENS = range(11, 14)


def roman(number: int) -> str:
    """Write a number in Roman capitals, one beyond what they can say in digits."""
    if not 0 < number <= _LARGEST_ROMAN:
        return str(number)
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def letters(number: int) -> str:
    """Write a number as Word counts in letters: A to Z, then AA to ZZ, then AAA (ECMA-376 part 1, 17.18.59)."""
    repeated, letter = divmod(number - 1, 26)
    if number < 1 or repeated >= _LONGEST_LETTERS:
        return str(number)
    return chr(ord("A") + letter) * (repeated + 1)


def ordinal(number: int) -> str:
    """Write an English ordinal number."""
    return f"{number}{'th' if number % 100 in _TEENS else _ORDINALS.get(number % 10, 'th')}"


NUMBER_FORMATS: Mapping[str, Callable[[int], str]] = {
    "upperRoman": roman,
    "lowerRoman": lambda number: roman(number).lower(),
    "upperLetter": letters,
    "lowerLetter": lambda number: letters(number).lower(),
    "ordinal": ordinal,
    "decimalZero": lambda number: f"{number:02}",
    "decimalEnclosedCircle": lambda number: _CIRCLED[number - 1] if 0 < number <= len(_CIRCLED) else str(number),
    "none": lambda _: "",
    "I": roman,
    "i": lambda number: roman(number).lower(),
    "A": letters,
    "a": lambda number: letters(number).lower(),
}
"""By the names that OOXML and OpenDocument give them; in whatever is not here numbers are decimal."""


def formatted(number: int, name: str) -> str:
    """Write a number in a format; in digits when the format is not known."""
    return NUMBER_FORMATS.get(name, str)(number)
