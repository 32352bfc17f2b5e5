"""Digits, thousands, percent and exponents in a spreadsheet's format (ECMA-376 part 1, §18.8.31).

Spreadsheets compute with 15 decimal digits and round halves away from zero, so values become decimals first:
1.005 as ``0.00`` is 1.01, although the nearest binary number is below it.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import takewhile

from services.extraction.extractors.format_tokens import Kind, Token

_CONTEXT = Context(prec=700, rounding=ROUND_HALF_UP)
"""Room for the largest double with as many decimals as a format code has room for."""
_GROUP = 3
_SIMPLE = re.compile("L*[#,]*0(?:[.]0+)?,*L*")
"""Shapes such as ``$#,##0.00 "each"``, most of those in use, that Python's own formatting renders faster."""


def exact(value: float) -> Decimal:
    """Return a number as spreadsheets compute with it."""
    return Decimal(f"{value:.15g}")


def plain(number: Decimal, *, decimals: int) -> str:
    """Write a number without exponent, rounded to so many decimals."""
    return f"{number.quantize(Decimal(1).scaleb(-decimals), context=_CONTEXT):f}"


class NumberPattern:
    """A section of digits and literals."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        tokens = [token for token in tokens if token.kind is not Kind.BRACKET]
        kinds = [kind for kind, _ in tokens]
        self._digits = kinds.count(Kind.DIGIT)
        self._percents = kinds.count(Kind.PERCENT)
        mantissa, self._exponent = _split(tokens, Kind.EXPONENT)
        self._scale = _trailing_commas(mantissa) * _GROUP
        whole, self._decimals = _split(mantissa, Kind.POINT)
        self._grouped = _has_inner_comma(whole)
        self._whole = _without_commas(whole)
        self._decimals = _without_commas(self._decimals)
        self._places = sum(kind is Kind.DIGIT for kind, _ in self._decimals)
        self._grouping = "," if self._grouped else ""
        self._quantum = Decimal(1).scaleb(-self._places)
        self._tokens = tokens
        self._simple = _SIMPLE.fullmatch("".join(_shape(token) for token in tokens)) is not None
        self._prefix = "".join(text for _, text in takewhile(lambda token: token.kind is not Kind.DIGIT, tokens))
        self._suffix = "".join(text for _, text in tokens[_after_last_digit(tokens) :] if text != ",")

    def render(self, value: float, *, minus: bool) -> str:
        """Render a number's magnitude, after its sign if asked for."""
        if not self._digits:
            return "".join(text for _, text in self._tokens)
        number = abs(exact(value)).scaleb(2 * self._percents - self._scale)
        if self._simple:
            rounded = number.quantize(self._quantum, context=_CONTEXT)
            shown = f"{self._prefix}{rounded:{self._grouping}f}{self._suffix}"
        elif self._exponent:
            shown = self._scientific(number)
        else:
            shown = self._decimal(number)
        return "-" * minus + shown

    def _decimal(self, number: Decimal) -> str:
        whole, _, decimals = plain(number, decimals=self._places).partition(".")
        return _fill(self._whole, whole.lstrip("0"), grouped=self._grouped) + _fill_decimals(self._decimals, decimals)

    def _scientific(self, number: Decimal) -> str:
        """Keep the exponent a multiple of the places before the point: ``##0.0E+0`` counts in thousands."""
        width = max(1, sum(kind is Kind.DIGIT for kind, _ in self._whole))
        exponent = number.adjusted() // width * width if number else 0
        if float(plain(number.scaleb(-exponent), decimals=self._places)) >= 10**width:
            exponent += width
        sign = "-" if exponent < 0 else "+" if self._exponent[0].text[1] == "+" else ""
        letter = self._exponent[0].text[0]
        return f"{self._decimal(number.scaleb(-exponent))}{letter}{sign}{_fill(self._exponent[1:], str(abs(exponent)))}"


def _shape(token: Token) -> str:
    """Return a part's own sign where a number's shape needs it, ``L`` for what is only written, ``X`` for others."""
    if token.kind in {Kind.DIGIT, Kind.POINT, Kind.COMMA}:
        return token.text
    return "L" if token.kind in {Kind.LITERAL, Kind.PERCENT} else "X"


def _after_last_digit(tokens: Sequence[Token]) -> int:
    return max((index + 1 for index, token in enumerate(tokens) if token.kind is Kind.DIGIT), default=0)


def _split(tokens: Sequence[Token], at: Kind) -> tuple[list[Token], list[Token]]:
    """Cut before the first part of a kind; it begins the second piece."""
    place = next((index for index, token in enumerate(tokens) if token.kind is at), len(tokens))
    return list(tokens[:place]), list(tokens[place:])


def _trailing_commas(tokens: Sequence[Token]) -> int:
    """Count the commas right behind the last place, or before the point: each divides by a thousand."""
    kinds = [kind for kind, _ in tokens if kind in {Kind.DIGIT, Kind.COMMA, Kind.POINT}]
    whole = kinds[: kinds.index(Kind.POINT)] if Kind.POINT in kinds else []
    return _commas_at_end(kinds) + _commas_at_end(whole)


def _commas_at_end(kinds: Sequence[Kind]) -> int:
    return next((count for count, kind in enumerate(reversed(kinds)) if kind is not Kind.COMMA), 0)


def _has_inner_comma(tokens: Sequence[Token]) -> bool:
    kinds = [kind for kind, _ in tokens if kind in {Kind.DIGIT, Kind.COMMA}]
    return any(kinds[index - 1 : index + 2] == [Kind.DIGIT, Kind.COMMA, Kind.DIGIT] for index in range(len(kinds)))


def _without_commas(tokens: Sequence[Token]) -> list[Token]:
    return [token for token in tokens if token.kind is not Kind.COMMA]


def _fill(tokens: Sequence[Token], digits: str, *, grouped: bool = False) -> str:
    """Put digits into places from the right; the leftmost place takes all that are left over."""
    places = sum(kind is Kind.DIGIT for kind, _ in tokens)
    if not places:  # ``.00`` shows 12.5 as 12.50
        return "".join(text for _, text in tokens) + digits
    pieces: list[str] = []
    written = 0
    for kind, text in reversed(tokens):
        if kind is not Kind.DIGIT:
            pieces.append(text[::-1])
            continue
        places -= 1
        taken = max(1, len(digits) - written) if places == 0 else 1
        for _ in range(taken):
            digit = digits[-1 - written] if written < len(digits) else {"0": "0", "?": " "}.get(text, "")
            if digit.isdecimal() and grouped and written and written % _GROUP == 0:
                pieces.append(",")
            pieces.append(digit)
            written += 1
    return "".join(pieces)[::-1]


def _fill_decimals(tokens: Sequence[Token], digits: str) -> str:
    """Put digits into places from the left; zeros at the end show only where the place is ``0``."""
    significant = len(digits.rstrip("0"))
    pieces: list[str] = []
    written = 0
    for kind, text in tokens:
        if kind is not Kind.DIGIT:
            pieces.append(text)
            continue
        pieces.append(digits[written] if written < significant else {"0": "0", "?": " "}.get(text, ""))
        written += 1
    return "".join(pieces)
