"""Dates, times and durations in a spreadsheet's format (ECMA-376 part 1, §18.8.31 and §18.17.4).

A date is a count of days; the day's fraction is the time. Counts of the 1900 system begin with 1900-01-01 as day 1 and
contain a 29 February 1900 that never was, day 60; day 0 is shown as 1900-01-00.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
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


class _Day(NamedTuple):
    """A day of the calendar."""

    year: int
    month: int
    day: int
    weekday: str


_CALENDAR: Mapping[str, Callable[[_Day], str]] = {
    **dict.fromkeys(("y", "yy"), lambda day: f"{day.year % 100:02}"),
    **dict.fromkeys(("yyy", "yyyy", "e", "ee", "eee", "eeee"), lambda day: str(day.year)),
    **dict.fromkeys(("b", "bb"), lambda day: f"{(day.year + _BUDDHIST_ERA) % 100:02}"),
    **dict.fromkeys(("bbb", "bbbb"), lambda day: str(day.year + _BUDDHIST_ERA)),
    **dict.fromkeys(("g", "gg", "ggg", "gggg"), lambda _: ""),  # the era of the Japanese calendar
    "m": lambda day: str(day.month),
    "mm": lambda day: f"{day.month:02}",
    "mmm": lambda day: _MONTHS[day.month - 1][:3],
    "mmmm": lambda day: _MONTHS[day.month - 1],
    "mmmmm": lambda day: _MONTHS[day.month - 1][0],
    "d": lambda day: str(day.day),
    "dd": lambda day: f"{day.day:02}",
    **dict.fromkeys(("ddd", "aaa"), lambda day: day.weekday[:3]),
    **dict.fromkeys(("dddd", "aaaa"), lambda day: day.weekday),
}
"""What the letters of a date stand for, by how often they are written."""


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
    widest = 5 if text[0] == "m" else 4
    return _CALENDAR[text[:widest]](_day(moment.day))


@lru_cache(maxsize=4_096)
def _day(number: int) -> _Day:
    weekday = _WEEKDAYS[(number - 1) % len(_WEEKDAYS)]
    if number in {0, _NEVER_WAS}:
        return _Day(1900, 1, 0, weekday) if number == 0 else _Day(1900, 2, 29, weekday)
    found = date(1899, 12, 31 if number < _NEVER_WAS else 30) + timedelta(days=number)
    return _Day(found.year, found.month, found.day, weekday)


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
