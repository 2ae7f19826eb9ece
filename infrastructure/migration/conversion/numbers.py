"""Numbers exactly as they were, in the one text that stands for each of them."""

from __future__ import annotations

import math
import re
from decimal import Context, Decimal

from infrastructure.limits import MAX_DIGITS
from infrastructure.migration.unfit import Unfit, shown

_PLAIN = 10 ** (MAX_DIGITS - 1)
_WIDE = Context(prec=2000)  # no column has as many digits: nothing is rounded
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_SMALLEST, _LARGEST = -130, 125


def number_text(number: int | Decimal) -> str:
    """The one text of a number: no exponent, no zeros that say nothing, no minus zero.

    Raises `Unfit` for what the service cannot store exactly: more than 38 digits, too large or too
    small, no number at all.
    """
    if type(number) is int and -_PLAIN < number < _PLAIN:
        return str(number)
    exact = Decimal(number)
    if not exact.is_finite():
        raise Unfit(f"is {number}, which cannot be stored")
    if not exact:
        return "0"
    _check_exactness(exact)
    return format(exact.normalize(_WIDE), "f")


def _check_exactness(number: Decimal) -> None:
    if not _SMALLEST <= number.adjusted() <= _LARGEST:
        raise Unfit(f"is outside the range of stored numbers: {shown(str(number))}")
    _, digits, _ = number.as_tuple()
    count = len(digits)
    if count > MAX_DIGITS:
        count = len("".join(map(str, digits)).strip("0"))
    if count > MAX_DIGITS:
        raise Unfit(f"has {count} significant digits, at most {MAX_DIGITS} can be stored")


def number_of(value: object) -> int | Decimal:
    """The number that a driver's value is, or that a text says. Raises `Unfit` for others."""
    if isinstance(value, int | Decimal):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit(f"is {value}, which cannot be stored")
        return Decimal(repr(value))
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise Unfit(f"is text that is no number: {shown(value)}")
        return Decimal(value)
    raise Unfit(f"is {type(value).__name__}, not a number")


def python_number(text: str) -> int | Decimal:
    """A stored number: `int` where it is whole."""
    if text.lstrip("-").isdecimal():
        return int(text)
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number
