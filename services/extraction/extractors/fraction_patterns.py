"""Fractions in a spreadsheet's format: ``# ?/?``, ``??/??``, ``# ?/8`` (ECMA-376 part 1, §18.8.31)."""

from collections.abc import Sequence
from fractions import Fraction

from services.extraction.extractors.format_tokens import Kind, Token
from services.extraction.extractors.number_patterns import exact

_MOST_DENOMINATOR_DIGITS = 9


class FractionPattern:
    """A section with a fraction; with places of its own for the whole, the number is mixed: ``1 1/2``."""

    def __init__(self, tokens: Sequence[Token], slash: int) -> None:
        before = [token for token in tokens[:slash] if token.kind is not Kind.BRACKET]
        self._mixed = any(kind is Kind.DIGIT for kind, _ in _whole_part(before))
        self._prefix = "".join(text for kind, text in before if kind is Kind.LITERAL and text.strip())
        self._denominator, self._places, self._suffix = _denominator(tokens[slash + 1 :])

    def render(self, value: float, *, minus: bool) -> str:
        """Render with a denominator of as many digits as there are places, or the one that is given."""
        number = Fraction(abs(exact(value)))
        whole, rest = divmod(number, 1) if self._mixed else (0, number)
        fraction = _nearest(rest, self._denominator, self._places)
        if self._mixed and fraction == 1:
            whole, fraction = whole + 1, Fraction(0)
        denominator = self._denominator or fraction.denominator
        numerator = fraction * denominator
        parts = [str(whole)] if self._mixed and (whole or not numerator) else []
        parts += [f"{numerator}/{denominator}"] if numerator or not self._mixed else []
        return "-" * minus + self._prefix + " ".join(parts) + self._suffix


def fraction_slash(tokens: Sequence[Token]) -> int | None:
    """Find the slash of a fraction: one with places for digits on its left and a digit or place on its right."""
    for index, (kind, _) in enumerate(tokens):
        if kind is Kind.SLASH and any(token.kind is Kind.DIGIT for token in tokens[:index]):
            following = next((token for token in tokens[index + 1 :] if token.text.strip()), None)
            if following and (following.kind is Kind.DIGIT or following.text.isdecimal()):
                return index
    return None


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
