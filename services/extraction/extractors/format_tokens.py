"""The parts of a spreadsheet's format code (ECMA-376 part 1, §18.8.31)."""

import re
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a part of a format code stands for."""

    LITERAL = auto()
    DIGIT = auto()
    """``0``, ``#`` or ``?``: a digit or what stands in its place."""
    POINT = auto()
    COMMA = auto()
    PERCENT = auto()
    EXPONENT = auto()
    SLASH = auto()
    DATE = auto()
    """A run of one of the letters of dates and times."""
    ELAPSED = auto()
    """``h``, ``m`` or ``s`` in brackets: counted on beyond a day or an hour."""
    HALF_DAY = auto()
    TEXT = auto()
    GENERAL = auto()
    BRACKET = auto()
    """What else stands in brackets: conditions, colours, languages."""
    NEXT = auto()


class Token(NamedTuple):
    """A part and its text."""

    kind: Kind
    text: str


_PARTS = re.compile(
    r"""
      "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<width>.) | \*(?P<fill>.)
    | \[\$(?P<currency>[^\]-]*)[^\]]*\] | \[(?P<elapsed>h+|m+|s+)\] | \[(?P<bracket>[^\]]*)\]
    | (?P<general>general) | (?P<half_day>am/pm|a/p|上午/下午)
    | (?P<exponent>e[+-]) | (?P<digit>[0\#?]) | (?P<date>y+|m+|d+|h+|s+|e+|g+|b+|aaaa?)
    | (?P<point>\.) | (?P<comma>,) | (?P<percent>%) | (?P<slash>/) | (?P<text>@) | (?P<next>;) | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LITERALS = frozenset({"quoted", "escaped", "currency", "literal"})


def sections_of(code: str) -> list[list[Token]]:
    """Cut a code into its sections, each a list of parts."""
    sections: list[list[Token]] = [[]]
    for found in _PARTS.finditer(code):
        token = _token(found)
        if token.kind is Kind.NEXT:
            sections.append([])
        elif token.text:
            sections[-1].append(token)
    return sections


def _token(found: re.Match[str]) -> Token:
    name = str(found.lastgroup)
    text = found[name]
    if name in _LITERALS:
        return Token(Kind.LITERAL, text)
    if name in {"width", "fill"}:  # a gap as wide as the character; the character repeated to the column's width
        return Token(Kind.LITERAL, " ")
    return Token(Kind[name.upper()], text)
