"""Dates by the letters of `YYYY-MM-DD HH:mm:ss.SSSSSS`, or `unix` for seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from infrastructure.migration.conversion.numbers import number_of, number_text
from infrastructure.migration.conversion.texts import duration_text
from infrastructure.migration.rows import ZeroDate
from infrastructure.migration.unfit import Unfit, shown

UNIX = "unix"
"""The format of seconds since 1970."""

COLUMN_TYPES = ("timestamp", "datetime", "date")
"""Source formats that say what the column is: it holds a date, not text."""

LETTERS = re.compile(r"YYYY|MM|DD|HH|mm|ss|S{1,6}")
"""What stands for a part of a date in a format; all else stands for itself."""

_FIELDS = {"YYYY": "year", "MM": "month", "DD": "day", "HH": "hour", "mm": "minute", "ss": "second"}
_ZERO = re.compile(r"\d{4}-00-|\d{4}-\d\d-00|0000-", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def letters_of(pattern: str) -> frozenset[str]:
    """The groups of letters in a format: `{"YYYY", "MM"}`; of fractions `S`."""
    return frozenset("S" if found.startswith("S") else found for found in LETTERS.findall(pattern))


def is_column_type(source_format: str | None) -> bool:
    """Whether the column itself holds a date, so that no letters say how to read it."""
    return source_format is None or source_format in COLUMN_TYPES


def read_date(value: object, source_format: str | None) -> datetime | timedelta:
    """The time, in UTC, that a column's value says; of a TIME the duration.

    Raises `Unfit` for zero dates and for what is not written in the source format.
    """
    if isinstance(value, ZeroDate):
        raise Unfit(f"is a zero date, {value}")
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, timedelta):
        return value
    if source_format == UNIX:
        return _of_seconds(value)
    if isinstance(value, int | Decimal) and not is_column_type(source_format):
        # A number has lost the zeros that it began with.
        value = number_text(value).rjust(len(str(source_format)), "0")
    if not isinstance(value, str):
        raise Unfit(f"is {type(value).__name__}, not a date")
    if is_column_type(source_format):
        if _ZERO.match(value):
            raise Unfit(f"is a zero date, {value}")
        raise Unfit(f"is text, and no source_format says how to read it: {shown(value)}")
    return parse_date(value, str(source_format))


def format_date(moment: datetime | timedelta, pattern: str) -> str:
    """A time in this format; fractions are cut to as many digits as there are letters `S`."""
    if isinstance(moment, timedelta):
        moment = _of_day(moment, pattern)
    if pattern == UNIX:
        return number_text(_seconds(moment))
    return LETTERS.sub(lambda found: _part(moment, found[0]), pattern)


def parse_date(text: str, pattern: str) -> datetime:
    """The time, in UTC, that a text says in this format. Raises `Unfit` for other text."""
    if pattern == UNIX:
        return _of_seconds(text)
    found = _regex(pattern).fullmatch(text)
    if found is None:
        raise Unfit(f"is not written as {pattern}: {shown(text)}")
    parts = {"year": 1970, "month": 1, "day": 1}
    parts |= {name: int(part) for name, part in found.groupdict().items() if name != "fraction"}
    if 0 in (parts["year"], parts["month"], parts["day"]):
        raise Unfit(f"is a zero date, {text}")
    fraction = found.groupdict().get("fraction", "0")
    try:
        return datetime(**parts, microsecond=int(fraction.ljust(6, "0")), tzinfo=UTC)
    except ValueError as error:
        raise Unfit(f"is no date: {shown(text)}") from error


def _part(moment: datetime, letters: str) -> str:
    if letters.startswith("S"):
        return f"{moment.microsecond:06}"[: len(letters)]
    return f"{getattr(moment, _FIELDS[letters]):0{len(letters)}}"


def _regex(pattern: str) -> re.Pattern[str]:
    text, end, seen = "", 0, set()
    for found in LETTERS.finditer(pattern):
        letters = found[0]
        name = "fraction" if letters.startswith("S") else _FIELDS[letters]
        text += re.escape(pattern[end : found.start()])
        text += f"(?P={name})" if name in seen else rf"(?P<{name}>[0-9]{{{len(letters)}}})"
        seen.add(name)
        end = found.end()
    return re.compile(text + re.escape(pattern[end:]))


def _of_seconds(value: object) -> datetime:
    microseconds = Decimal(number_of(value)).scaleb(6)
    if microseconds != microseconds.to_integral_value():
        raise Unfit(f"is finer than a microsecond: {shown(value)}")
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError as error:
        raise Unfit(f"is no date: {shown(value)}") from error


def _seconds(moment: datetime) -> Decimal:
    return Decimal((moment - _EPOCH) // timedelta(microseconds=1)).scaleb(-6)


def _of_day(duration: timedelta, pattern: str) -> datetime:
    is_dated = pattern == UNIX or letters_of(pattern) & {"YYYY", "MM", "DD"}
    if is_dated or not timedelta() <= duration < _DAY:
        raise Unfit(f"is a time of {duration_text(duration)}, no date")
    return _EPOCH + duration
