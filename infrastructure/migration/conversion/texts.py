"""The text of a value that the driver gave."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from infrastructure.migration.conversion.numbers import number_of, number_text
from infrastructure.migration.rows import Unreadable, ZeroDate
from infrastructure.migration.unfit import Unfit, shown

_ZERO_DATES = ("0000-00-00", "0000-00-00 00:00:00")


def text_of(value: object) -> str:
    """The text of a value: dates in ISO 8601, decimals with the digits of their column.

    Raises `Unfit` for a zero date, for bytes that are no UTF-8, and for values without a text.
    """
    kind = type(value)
    if kind is int or (kind is str and value not in _ZERO_DATES):
        return storable(str(value))  # most are one of these
    match value:
        case str():
            # An expression's zero date is plain text.
            if isinstance(value, ZeroDate) or value in _ZERO_DATES:
                raise Unfit(f"is a zero date, {value}")
            return storable(str(value))
        case Decimal():
            number_text(value)
            return format(value, "f")
        case int() | float():
            return number_text(number_of(value))
        case bytes() | bytearray():
            return _decoded(bytes(value))
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case Unreadable():
            raise Unfit(value.reason)
        case _:
            raise Unfit(f"is {type(value).__name__}, which has no text")


def duration_text(duration: timedelta) -> str:
    """A TIME as MySQL writes it: `HH:MM:SS`, with hours beyond a day, a sign, a fraction."""
    seconds, sign = abs(duration), "-" if duration < timedelta() else ""
    minutes, rest = divmod(seconds.days * 86400 + seconds.seconds, 60)
    fraction = f".{seconds.microseconds:06}" if seconds.microseconds else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest:02}{fraction}"


def storable(text: str) -> str:
    """The text itself. Raises `Unfit` where UTF-8 cannot encode it."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Unfit("is text that UTF-8 cannot encode") from error
    return text


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Unfit(f"is binary and no UTF-8 text: {shown(content)}") from error
