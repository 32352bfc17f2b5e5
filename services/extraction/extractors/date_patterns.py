"""Dates, times and durations in a spreadsheet's format (ECMA-376 part 1, §18.8.31 and §18.17.4).

A date is a count of days; the day's fraction is the time. Counts of the 1900 system begin with 1900-01-01 as day 1 and
contain a 29 February 1900 that never was, day 60; day 0 is shown as 1900-01-00.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from services.extraction.extractors.format_tokens import Kind, Token

_DAYS_FROM_1900_TO_1904 = 1_462
_DAYS = 2_958_466
"""Days up to the end of the year 9999, the last that spreadsheets know."""
_NEVER_WAS = 60
_SECONDS_OF_DAY = 86_400
_FINEST = 6
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_BUDDHIST_ERA = 543
_DATES = frozenset({Kind.DATE, Kind.ELAPSED, Kind.HALF_DAY})
_MINUTE = "minute"


class _Moment(NamedTuple):
    """A day of the 1900 system and the time in it, in parts of a second."""

    day: int
    ticks: int
    per_second: int

    @property
    def seconds(self) -> int:
        return self.ticks // self.per_second


def holds_date(tokens: Sequence[Token]) -> bool:
    """Whether a section is one of dates: a letter of dates comes before any place for a digit (``0 USD`` has none)."""
    first = next((kind for kind, _ in tokens if kind in _DATES or kind is Kind.DIGIT), None)
    return first in _DATES


class DatePattern:
    """A section of dates; ``otherwise`` renders what is no date: negative counts and days after the year 9999."""

    def __init__(self, tokens: Sequence[Token], *, date_1904: bool, otherwise: Callable[[float], str]) -> None:
        self._tokens = _name_minutes(_join_fractions(_lowered(tokens)))
        self._offset = _DAYS_FROM_1900_TO_1904 if date_1904 else 0
        self._otherwise = otherwise
        self._elapsed = any(kind is Kind.ELAPSED for kind, _ in self._tokens)
        self._half_days = any(kind is Kind.HALF_DAY for kind, _ in self._tokens)
        self._decimals = max((len(text) - 1 for kind, text in self._tokens if kind is Kind.POINT), default=0)

    def render(self, value: float, *, minus: bool) -> str:
        """Render a count of days; seconds are rounded to what the section shows of them, larger units are cut."""
        per_second = 10 ** min(self._decimals, _FINEST)
        if self._elapsed and abs(value) < _DAYS:
            sign, value = "-" * minus, abs(value)
        elif 0 <= value < _DAYS - self._offset:
            sign, value = "", value + self._offset
        else:
            return self._otherwise(value)
        day, ticks = divmod(int(value * _SECONDS_OF_DAY * per_second + 0.5), _SECONDS_OF_DAY * per_second)
        moment = _Moment(min(day, _DAYS - 1), ticks, per_second)
        return sign + "".join(self._part(token, moment) for token in self._tokens)

    def _part(self, token: Token, moment: _Moment) -> str:
        kind, text = token
        if kind is Kind.DATE:
            return self._clock(text, moment) if text[0] in "hs" or text.startswith(_MINUTE) else _calendar(text, moment)
        if kind is Kind.ELAPSED:
            seconds = moment.day * _SECONDS_OF_DAY + moment.seconds
            return str(seconds // {"h": 3600, "m": 60, "s": 1}[text[0]]).zfill(len(text))
        if kind is Kind.HALF_DAY:
            morning, afternoon = text.split("/")
            return morning if moment.seconds < _SECONDS_OF_DAY // 2 else afternoon
        if kind is Kind.POINT and len(text) > 1:
            fraction = str(moment.ticks % moment.per_second).zfill(len(str(moment.per_second)) - 1)
            return "." + fraction.ljust(len(text) - 1, "0")[: len(text) - 1]
        return text

    def _clock(self, text: str, moment: _Moment) -> str:
        hour, minute, second = moment.seconds // 3600, moment.seconds // 60 % 60, moment.seconds % 60
        if self._half_days:
            hour = (hour - 1) % 12 + 1
        number = {"h": hour, "m": minute, "s": second}[text[0]]
        width = len(text.removeprefix(_MINUTE))
        return f"{number:02}" if width > 1 else str(number)


def _calendar(text: str, moment: _Moment) -> str:
    year, month, day = _date(moment.day)
    buddhist = year + _BUDDHIST_ERA
    month_name, weekday = _MONTHS[month - 1], _WEEKDAYS[(moment.day - 1) % len(_WEEKDAYS)]
    forms = {
        "y": ("", f"{year % 100:02}", f"{year % 100:02}", str(year)),
        "e": ("", str(year)),
        "b": ("", f"{buddhist % 100:02}", f"{buddhist % 100:02}", str(buddhist)),
        "m": ("", str(month), f"{month:02}", month_name[:3], month_name, month_name[0]),
        "d": ("", str(day), f"{day:02}", weekday[:3], weekday),
        "a": ("", "", "", weekday[:3], weekday),
        "g": ("",),  # the era of the Japanese calendar
    }[text[0]]
    return forms[min(len(text), len(forms) - 1)]


def _date(day: int) -> tuple[int, int, int]:
    if day in {0, _NEVER_WAS}:
        return (1900, 1, 0) if day == 0 else (1900, 2, 29)
    found = date(1899, 12, 31 if day < _NEVER_WAS else 30) + timedelta(days=day)
    return found.year, found.month, found.day


def _lowered(tokens: Sequence[Token]) -> list[Token]:
    kept = [token for token in tokens if token.kind is not Kind.BRACKET]
    return [Token(kind, text.lower() if kind in {Kind.DATE, Kind.ELAPSED} else text) for kind, text in kept]


def _join_fractions(tokens: list[Token]) -> list[Token]:
    """Make one part of a point and the zeros after it: parts of a second."""
    joined: list[Token] = []
    for token in tokens:
        if token.kind is Kind.DIGIT and joined and joined[-1].kind is Kind.POINT:
            joined[-1] = Token(Kind.POINT, joined[-1].text + token.text)
        else:
            joined.append(token)
    return joined


def _name_minutes(tokens: list[Token]) -> list[Token]:
    """Tell minutes from months, which share a letter: they follow hours or precede seconds (§18.8.31)."""
    places = [index for index, token in enumerate(tokens) if token.kind in {Kind.DATE, Kind.ELAPSED}]
    letters = [tokens[index].text[0] for index in places]
    for place, index in enumerate(places):
        kind, text = tokens[index]
        after_hours = place > 0 and letters[place - 1] == "h"
        before_seconds = letters[place + 1 : place + 2] == ["s"]
        if kind is Kind.DATE and text in {"m", "mm"} and (after_hours or before_seconds):
            tokens[index] = Token(kind, _MINUTE + text)
    return tokens
