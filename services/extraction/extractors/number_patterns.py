"""Digits, thousands, percent, exponents and fractions in a spreadsheet's format (ECMA-376 part 1, §18.8.31).

Spreadsheets compute with 15 decimal digits and round halves away from zero, so values become decimals first:
1.005 as ``0.00`` is 1.01, although the nearest binary number is below it.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import takewhile

from services.extraction.extractors.format_tokens import Kind, Token

_CONTEXT = Context(prec=700, rounding=ROUND_HALF_UP)
"""Room for the largest double with as many decimals as a format code has room for."""
_GROUP = 3
_MOST_DENOMINATOR_DIGITS = 9
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
        self._slash = _fraction_slash(tokens)
        self._percents = kinds.count(Kind.PERCENT)
        mantissa, self._exponent = _split(tokens, Kind.EXPONENT)
        self._scale = _trailing_commas(mantissa) * _GROUP
        whole, self._decimals = _split(mantissa, Kind.POINT)
        self._grouped = _has_inner_comma(whole)
        self._whole = _without_commas(whole)
        self._decimals = _without_commas(self._decimals)
        self._places = sum(kind is Kind.DIGIT for kind, _ in self._decimals)
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
            shown = (
                f"{self._prefix}{rounded:,f}{self._suffix}"
                if self._grouped
                else f"{self._prefix}{rounded:f}{self._suffix}"
            )
        elif self._slash is not None:
            shown = self._fraction(number, self._slash)
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

    def _fraction(self, number: Decimal, slash: int) -> str:
        """Find the nearest fraction with as many digits as there are places, or of the denominator that is given."""
        before, after = self._tokens[:slash], self._tokens[slash + 1 :]
        mixed = sum(kind is Kind.DIGIT for kind, _ in _whole_part(before)) > 0
        whole, rest = divmod(Fraction(number), 1) if mixed else (0, Fraction(number))
        fixed, places, suffix = _denominator(after)
        fraction = _nearest(rest, fixed, places)
        if mixed and fraction == 1:
            whole, fraction = whole + 1, Fraction(0)
        denominator = fixed or fraction.denominator
        numerator = fraction * denominator
        prefix = "".join(text for kind, text in before if kind is Kind.LITERAL and text.strip())
        parts = [str(whole)] if mixed and (whole or not numerator) else []
        parts += [f"{numerator}/{denominator}"] if numerator or not mixed else []
        return prefix + " ".join(parts) + suffix


def _nearest(value: Fraction, denominator: int | None, places: int) -> Fraction:
    if denominator is None:
        return _convergent(value, 10 ** min(places, _MOST_DENOMINATOR_DIGITS) - 1)
    return Fraction(int(value * denominator + Fraction(1, 2)), denominator)


def _convergent(value: Fraction, largest: int) -> Fraction:
    """Return the last convergent of the continued fraction whose denominator fits, which is what Excel shows.

    It is not always the nearest fraction: 12.3 as ``# ?/?`` is 12 1/3, although 2/7 is nearer.
    """
    before, found = (0, 1), (1, 0)
    rest = value
    while True:
        digit = rest.numerator // rest.denominator
        before, found = found, (digit * found[0] + before[0], digit * found[1] + before[1])
        if found[1] > largest:
            return Fraction(*before)
        if rest == digit:
            return Fraction(*found)
        rest = 1 / (rest - digit)


def _shape(token: Token) -> str:
    """Return a part's own sign where a number's shape needs it, ``L`` for what is only written, ``X`` for others."""
    if token.kind in {Kind.DIGIT, Kind.POINT, Kind.COMMA}:
        return token.text
    return "L" if token.kind in {Kind.LITERAL, Kind.PERCENT} else "X"


def _after_last_digit(tokens: Sequence[Token]) -> int:
    return max((index + 1 for index, token in enumerate(tokens) if token.kind is Kind.DIGIT), default=0)


def _fraction_slash(tokens: Sequence[Token]) -> int | None:
    """Find the slash of a fraction: one with places for digits on its left and a digit or place on its right."""
    for index, (kind, _) in enumerate(tokens):
        if kind is Kind.SLASH and any(token.kind is Kind.DIGIT for token in tokens[:index]):
            following = next((token for token in tokens[index + 1 :] if token.text.strip()), None)
            if following and (following.kind is Kind.DIGIT or following.text.isdecimal()):
                return index
    return None


def _whole_part(before: Sequence[Token]) -> Sequence[Token]:
    """Return what stands left of the numerator's places: with places of its own the number is mixed, ``1 1/2``."""
    end = len(before)
    while end and (before[end - 1].kind is not Kind.DIGIT):
        end -= 1
    while end and before[end - 1].kind is Kind.DIGIT:
        end -= 1
    return before[:end]


def _denominator(after: Sequence[Token]) -> tuple[int | None, int, str]:
    """Return the denominator if it is given, the places for one, and the text behind it."""
    tokens = list(after)
    while tokens and not tokens[0].text.strip():
        tokens.pop(0)
    digits = ""
    while tokens and (tokens[0].kind is Kind.DIGIT or tokens[0].text.isdecimal()):
        digits += tokens.pop(0).text
    suffix = "".join(text for _, text in tokens)
    given = digits.isdecimal() and int(digits) > 0
    return (int(digits) if given else None), len(digits), suffix


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
