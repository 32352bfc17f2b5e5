"""Numbers as a spreadsheet shows them: format codes such as ``#,##0.00;[Red](0)`` (ECMA-376 part 1, §18.8.30-31).

Rendering does not depend on a place: the decimal sign is a point, month names are English, colours and widths are
dropped. ``General`` keeps every digit of a whole number, where a program's display depends on the column's width;
fractions are cut as Excel cuts them. A code that hides whatever its cell holds (``;;;``) shows it here.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from services.extraction.extractors.date_patterns import DatePattern, holds_date
from services.extraction.extractors.format_tokens import Kind, Token, sections_of
from services.extraction.extractors.fraction_patterns import FractionPattern, fraction_slash
from services.extraction.extractors.number_patterns import NumberPattern, exact, plain

_LONGEST_CODE = 255
"""Excel's own limit (its specification of limits); a longer code is damage or an attack and is not read."""
_CODES_KEPT = 4_096
_NUMBER_SECTIONS = 3
_EXACT_BELOW = 10**15
"""Spreadsheets keep 15 digits."""
_SIGNIFICANT_DIGITS, _DECIMALS = 10, 9
"""What ``General`` shows of a fraction at most, in eleven characters."""
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = -4, 20
"""Between these powers of ten ``General`` needs no exponent."""
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9.]+)")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}

BUILT_IN: Mapping[int, str] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0;($#,##0)",
    6: "$#,##0;($#,##0)",
    7: "$#,##0.00;($#,##0.00)",
    8: "$#,##0.00;($#,##0.00)",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;(#,##0);-;@",
    42: "$#,##0;($#,##0);-;@",
    43: "#,##0.00;(#,##0.00);-;@",
    44: "$#,##0.00;($#,##0.00);-;@",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((*range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}
"""Codes by the number that stands for them (§18.8.30). Numbers 14 and 22, and the East Asian ones from 27 and 50, mean
"the date as the reader's system writes it"; we write ISO 8601, which no reader takes for another day."""


class _Pattern(Protocol):
    def render(self, value: float, *, minus: bool) -> str: ...


class _General:
    """``General``, alone or among literals, and text sections that meet a number."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def render(self, value: float, *, minus: bool) -> str:
        shown = "-" * minus + general(abs(value))
        return "".join(shown if kind in {Kind.GENERAL, Kind.TEXT} else text for kind, text in self._tokens)


@dataclass(frozen=True, slots=True)
class _Section:
    pattern: _Pattern
    condition: tuple[Callable[[float, float], bool], float] | None
    signed: bool
    """Whether a negative value gets its minus sign here, or the section speaks for itself: ``(0)``."""

    def takes(self, value: float) -> bool:
        return self.condition is not None and self.condition[0](value, self.condition[1])


class NumberFormat:
    """A format code, read once."""

    def __init__(self, code: str, *, date_1904: bool = False) -> None:
        sections = sections_of(code if len(code) <= _LONGEST_CODE else "General")
        texts = [tokens for tokens in sections if any(kind is Kind.TEXT for kind, _ in tokens)]
        self._text = texts[-1] if texts else None
        numbers = sections[:_NUMBER_SECTIONS]
        if len(numbers) > 1 and numbers[-1] is self._text:
            numbers.pop()
        if not any(numbers):
            numbers = sections_of("General")
        self._sections = [_section(tokens, index, date_1904=date_1904) for index, tokens in enumerate(numbers)]

    def number(self, value: float) -> str:
        """Render a number, on one line and with single spaces."""
        if not math.isfinite(value):
            return str(value)
        section = self._choose(value)
        shown = section.pattern.render(value, minus=value < 0 and section.signed)
        return " ".join(shown.split())

    def text(self, value: str) -> str:
        """Render text, which only a section with ``@`` changes."""
        if self._text is None:
            return value
        return "".join(value if kind is Kind.TEXT else text for kind, text in self._text)

    def _choose(self, value: float) -> _Section:
        """Choose by the sections' conditions; without any: positive, negative, zero (§18.8.31)."""
        sections = self._sections
        if len(sections) == 1:
            return sections[0]
        if any(section.condition for section in sections):
            return next((section for section in sections if section.takes(value)), _otherwise(sections))
        if value < 0:
            return sections[1]
        return sections[2] if value == 0 and len(sections) == _NUMBER_SECTIONS else sections[0]


@lru_cache(_CODES_KEPT)
def number_format(code: str, *, date_1904: bool = False) -> NumberFormat:
    """Read a format code; ``date_1904`` says that dates count from 1904 (§18.17.4.1)."""
    return NumberFormat(code, date_1904=date_1904)


def general(value: float) -> str:
    """Render a number without a format: whole numbers in full, others with the digits Excel shows (at most eleven)."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < _EXACT_BELOW:
        return str(int(value))
    number = exact(value)
    exponent = number.adjusted()
    if exponent > _LARGEST_EXPONENT:
        return _scientific(value)
    decimals = max(0, min(_DECIMALS, _SIGNIFICANT_DIGITS - max(exponent + 1, 1))) if number % 1 else 0
    shown = plain(number, decimals=decimals)
    if exponent < _SMALLEST_EXPONENT and Decimal(shown) != number:
        return _scientific(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"


def _section(tokens: list[Token], index: int, *, date_1904: bool) -> _Section:
    condition = next(filter(None, (_condition(text) for kind, text in tokens if kind is Kind.BRACKET)), None)
    speaks_for_itself = index == 1 and condition is None
    if condition and not condition[0](0, condition[1]) and not condition[0](float("inf"), condition[1]):
        speaks_for_itself = True
    pattern: _Pattern
    if holds_date(tokens):
        pattern = DatePattern(tokens, date_1904=date_1904, otherwise=general)
    elif any(kind in {Kind.GENERAL, Kind.TEXT} for kind, _ in tokens):
        pattern = _General([token for token in tokens if token.kind is not Kind.BRACKET])
    elif (slash := fraction_slash(tokens)) is not None:
        pattern = FractionPattern(tokens, slash)
    else:
        pattern = NumberPattern(tokens)
    return _Section(pattern, condition, signed=not speaks_for_itself)


def _condition(bracket: str) -> tuple[Callable[[float, float], bool], float] | None:
    found = _CONDITION.fullmatch(bracket)
    try:
        return (_COMPARISONS[found[1]], float(found[2])) if found else None
    except ValueError:
        return None


def _otherwise(sections: list[_Section]) -> _Section:
    """Return the section for what no condition takes: the first without one, else the last."""
    return next((section for section in sections if section.condition is None), sections[-1])
