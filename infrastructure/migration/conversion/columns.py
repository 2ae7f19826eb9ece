"""The other way: what the columns of a source row are, told from a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

from attrs import frozen

from domain.errors import DynastrataError
from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Entity,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.conversion import json_text
from infrastructure.migration.conversion.dates import (
    UNIX,
    format_date,
    is_column_type,
    letters_of,
    parse_date,
    read_date,
)
from infrastructure.migration.conversion.numbers import number_of, number_text, python_number
from infrastructure.migration.conversion.records import Record
from infrastructure.migration.conversion.typed import Value
from infrastructure.migration.templates import column_meant, placeholders, template
from infrastructure.migration.unfit import Unfit

ColumnValue = str | int | Decimal | bytes | date | datetime | None
"""A value as a driver takes it."""

_DAY = frozenset({"YYYY", "MM", "DD"})
_TIME = _DAY | {"HH", "mm", "ss"}


@frozen
class NotReversible(DynastrataError):
    """A column cannot be told from an attribute."""

    column: str
    attribute: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column} cannot be told from {self.attribute}, which {self.reason}"


def to_columns(entity: Entity, record: Record) -> dict[str, ColumnValue]:
    """The columns of the entity's source table that a record tells; absent attributes are NULL.

    Those are plain columns, and columns that stand in a key's template. What was joined or
    calculated is left out: it is of other rows. A transformation is undone, so that converting
    again gives the same item: digits that `number-format` cut off, and fractions of seconds that
    `date-format` left out, are not there. Raises `NotReversible` for a column that only a value
    that lost a part of it would tell, and for attributes that contradict each other.
    """
    found: dict[str, tuple[str, ColumnValue]] = {}
    lossy: list[NotReversible] = []
    for attribute in sorted(entity.attributes, key=lambda each: each.transformation is not None):
        try:
            told = dict(_told(entity, attribute, record.get(attribute.name)))
        except _Lossy as error:
            lossy += [NotReversible(name, attribute.name, str(error)) for name in _names(attribute)]
            continue
        except Unfit as error:
            name = ", ".join(_names(attribute))
            raise NotReversible(name, attribute.name, str(error)) from error
        for column, value in told.items():
            other, present = found.setdefault(column, (attribute.name, value))
            if not _agree(present, value):
                raise NotReversible(column, attribute.name, f"contradicts {other}")
    for each in lossy:
        if each.column not in found:
            raise each
    return {column: value for column, (_, value) in found.items()}


def columns_told(attribute: Attribute) -> tuple[str, ...]:
    """The plain columns of which an attribute tells all, whatever its value."""
    asked, names = attribute.transformation, _names(attribute)
    match asked and asked.type:
        case TransformationType.STRING if asked is not None and names:
            return tuple(column_meant(each, names) for each in placeholders(asked.format or ""))
        case TransformationType.DATE if asked is not None and _left_out(asked):
            return ()
        case _:
            return names if len(names) == 1 else ()


class _Lossy(Unfit):
    """A transformation left a part of the value out, whatever the value."""


def _names(attribute: Attribute) -> tuple[str, ...]:
    source = attribute.source
    return source.names if isinstance(source, Columns) else ()


def _told(entity: Entity, attribute: Attribute, value: Value) -> Iterator[tuple[str, ColumnValue]]:
    asked, source = attribute.transformation, attribute.source
    if isinstance(source, Template):
        attributes = {each.name for each in entity.attributes}
        yield from _of_template(source.text, value, lambda name: name not in attributes)
    elif not isinstance(source, Columns):
        return
    elif asked is not None and asked.type is TransformationType.STRING:
        for name, text in _of_template(asked.format or "", value, lambda _: True):
            yield column_meant(name, source.names), text
    elif len(source.names) > 1:
        raise _Lossy("is of several columns")
    else:
        yield source.names[0], None if value is None else _undone(asked, value)


def _of_template(
    text: str, value: Value, is_wanted: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    wanted = template(text)
    names = [name for name in wanted.names if is_wanted(name)]
    if names and value is not None:  # without a value nobody knows which part was missing
        parts = wanted.read(str(value))
        yield from ((name, parts[name]) for name in names)


def _undone(asked: Transformation | None, value: Value) -> ColumnValue:
    match asked and asked.type:
        case TransformationType.DATE if asked is not None:
            return _date(asked, value)
        case TransformationType.NUMBER:
            return _number(value)
        case TransformationType.JSON if not isinstance(value, str):
            return json_text.render(_listed(value))
        case _:
            return _plain(value)


def _plain(value: Value) -> ColumnValue:
    match value:
        case bool():
            return int(value)
        case list() | dict():
            return json_text.render(value)
        case frozenset():
            members = list(map(_member, value))
            if any("," in member for member in members):
                raise Unfit("has a member with a comma in it")
            return ",".join(sorted(members))
        case _:
            return value


def _number(value: object) -> ColumnValue:
    return python_number(number_text(number_of(value)))


def _listed(value: Value) -> object:
    if not isinstance(value, frozenset):
        return value
    return sorted(each.decode() if isinstance(each, bytes) else each for each in value)


def _member(member: object) -> str:
    return member.decode() if isinstance(member, bytes) else str(member)


def _date(asked: Transformation, value: Value) -> ColumnValue:
    wanted, source_format = asked.format or "", asked.source_format
    if left_out := _left_out(asked):
        raise _Lossy(f"leaves out {', '.join(sorted(left_out))}")
    moment = read_date(value, UNIX) if wanted == UNIX else parse_date(str(value), wanted)
    if source_format == UNIX:
        return _number(format_date(moment, UNIX))
    if not is_column_type(source_format):
        return format_date(moment, str(source_format))
    assert isinstance(moment, datetime)  # noqa: S101 for mypy: a text is no duration
    return moment.date() if source_format == "date" else moment.replace(tzinfo=None)


def _left_out(asked: Transformation) -> frozenset[str]:
    """The letters that the column has, and what a `date-format` makes of it has not."""
    wanted, source_format = asked.format or "", asked.source_format
    needed = _DAY if source_format == "date" else _TIME
    if source_format != UNIX and not is_column_type(source_format):
        needed = frozenset(letters_of(str(source_format)))
    return frozenset() if wanted == UNIX else frozenset(needed - letters_of(wanted))


def _agree(one: ColumnValue, other: ColumnValue) -> bool:
    if isinstance(one, date) or isinstance(other, date):
        return True  # written in two ways: which of them is the same text, only the source knows
    return one == other or str(one) == str(other)
