"""What becomes of a value between the driver and the type of its attribute."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from infrastructure.migration.contract import (
    Attribute,
    Transformation,
    TransformationType,
)
from infrastructure.migration.conversion import json_text
from infrastructure.migration.conversion.dates import format_date, read_date
from infrastructure.migration.conversion.numbers import number_of
from infrastructure.migration.conversion.texts import text_of
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.templates import position, template
from infrastructure.migration.unfit import Unfit

Transform = Callable[[object, SourceRow], object]
"""Takes a value (None for NULL) and its row; gives what is to be cast. Raises `Unfit`."""

DIGITS = re.compile(r"(0+)(?:\.(0+))?")
"""A format of numbers: the least digits before the point, and the digits after it."""

_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)


def transform(attribute: Attribute) -> Transform:
    """How the value of an attribute is transformed.

    Raises `ValueError` for a transformation without the format that it needs.
    """
    asked = attribute.transformation
    if asked is None:
        return lambda value, _: value
    try:
        match asked.type:
            case TransformationType.STRING:
                return _string(_format(asked))
            case TransformationType.DATE:
                return _of_value(_date(_format(asked), asked.source_format))
            case TransformationType.NUMBER:
                return _of_value(_number(_format(asked)))
            case TransformationType.JSON if attribute.type == "S":
                return _of_value(lambda value: json_text.compact(text_of(value)))
            case _:
                return lambda value, _: value
    except Unfit as error:
        raise ValueError(f"{attribute.path}.transformation: {error}") from error


def number_digits(pattern: str) -> tuple[int, int]:
    """The least digits before the point and the digits after it, of a format such as `0.00`."""
    found = DIGITS.fullmatch(pattern)
    if found is None:
        raise Unfit(f"has the format {pattern!r}, which is not written as 0.00 or 000")
    return len(found[1]), len(found[2] or "")


def format_number(value: object, pattern: str) -> str:
    """A number with these digits, rounded half away from zero as the source's `ROUND` does."""
    least, decimals = number_digits(pattern)
    number = Decimal(number_of(value)).quantize(Decimal(1).scaleb(-decimals), context=_WIDE)
    text = format(number.copy_abs(), "f")
    sign = "-" if number < 0 else ""
    return sign + text.rjust(least + (decimals + 1 if decimals else 0), "0")


def _of_value(convert: Callable[[object], object]) -> Transform:
    return lambda value, _: None if value is None else convert(value)


def _date(wanted: str, source_format: str | None) -> Callable[[object], object]:
    return lambda value: format_date(read_date(value, source_format), wanted)


def _number(wanted: str) -> Callable[[object], object]:
    number_digits(wanted)
    return lambda value: format_number(value, wanted)


def _string(text: str) -> Transform:
    wanted = template(text)

    def convert(value: object, row: SourceRow) -> object:
        values = value if isinstance(value, tuple) else (value,)

        def value_of(name: str) -> str | None:
            place = position(name)
            found = row.columns[name] if place is None else _nth(values, place)
            return None if found is None else text_of(found)

        return wanted.render(value_of)

    return convert


def _nth(values: tuple[object, ...], index: int) -> object:
    if index >= len(values):
        raise Unfit(f"has no column {{{index}}}: there are {len(values)}")
    return values[index]


def _format(asked: Transformation) -> str:
    if asked.format is None:
        raise Unfit("has no format")
    return asked.format
