"""Writes the items of PynamoDB's models as it does, in a third of the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from infrastructure.dynamodb.items import Item

_Write = Callable[[Any], Any]
_Field = tuple[str, str, str, _Write | None, bool]
"""Name in Python, stored name, letter of the type, what writes it, whether it may be missing.

What nothing writes is written as it is.
"""

_UNLIKE_THE_MODEL = (AttributeError, LookupError, TypeError, ValueError)


def put_of(model: Model, condition: Condition | None) -> dict[str, Any]:
    """What a put of the model's item says, but for the table.

    With a condition it asks for the old item where that is not met.
    """
    if condition is None:
        return {"Item": item_of(model)}
    words = condition.words if isinstance(condition, Constant) else _words(condition)
    return {"Item": item_of(model), **words, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


class Constant(Condition):
    """A condition that stays the same: it is put into words once, unless it is part of another."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition.operator, *condition.values)
        self.format_string = condition.format_string
        self.words = _words(condition)


def _words(condition: Condition) -> Mapping[str, Any]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    words: dict[str, Any] = {
        "ConditionExpression": condition.serialize(names, values),
        "ExpressionAttributeNames": {alias: name for name, alias in names.items()},
    }
    return {**words, "ExpressionAttributeValues": values} if values else words


@cache
def is_new(model: type[Model]) -> Condition:
    """The condition that there is no item with this key."""
    keys = [each for each in model.get_attributes().values() if each.is_hash_key]
    return Constant(keys[0].does_not_exist())


@cache
def key_names(model: type[Model]) -> tuple[str, ...]:
    """The stored names of the attributes of the key, the hash key first."""
    return tuple(stored for _, stored, *_ in _keys(model))


def key_of(model: Model) -> Item:
    """The primary key of a model's object, as the service takes it."""
    attributes = type(model).get_attributes()
    return {
        stored: {letter: attributes[name].serialize(getattr(model, name))}
        for name, stored, letter, *_ in _keys(type(model))
    }


def key_values(model: Model) -> tuple[Any, ...]:
    """The values of the key of a model's object, as Python has them."""
    return tuple(model.attribute_values.get(name) for name, *_ in _keys(type(model)))


def item_of(model: Model) -> Item:
    """The item of a model: its key, then its other attributes by their names in Python.

    Raises what PynamoDB raises, such as `AttributeNullError` for one that is missing.
    """
    fields = _fields(type(model))
    if type(model).serialize is Model.serialize:
        with suppress(*_UNLIKE_THE_MODEL):
            return _written(model.attribute_values, fields)
    item = model.serialize()  # it leaves out what is wrong, or says so
    return {stored: item[stored] for _, stored, *_ in fields if stored in item} | item


def _written(values: Mapping[str, Any], fields: Sequence[_Field]) -> Item:
    item = {}
    for name, stored, letter, write, null in fields:
        value = values.get(name)
        if value is None and null:
            continue
        if value is not None and write is not None:
            value = write(value)
        if value is None:
            raise LookupError(name)
        item[stored] = {letter: value}
    return item


@cache
def _fields(model: type[Model]) -> Sequence[_Field]:
    attributes = sorted(
        model.get_attributes().items(),
        key=lambda each: (not each[1].is_hash_key, not each[1].is_range_key),
    )
    return [
        (name, each.attr_name, each.attr_type, _writer(each), bool(each.null))
        for name, each in attributes
    ]


@cache
def _keys(model: type[Model]) -> Sequence[_Field]:
    attributes = model.get_attributes()
    keys = {name for name, each in attributes.items() if each.is_hash_key or each.is_range_key}
    return [field for field in _fields(model) if field[0] in keys]


def _writer(attribute: Any) -> _Write | None:
    serialize = type(attribute).serialize
    if serialize is Attribute.serialize:
        return None
    if serialize is BooleanAttribute.serialize:
        return bool
    if serialize is NumberAttribute.serialize:
        return lambda value: str(value) if type(value) is int else json.dumps(value)
    if isinstance(attribute, MapAttribute):
        return lambda value: attribute.serialize(value) if _is_whole(value) else None
    if isinstance(attribute, ListAttribute) and attribute.element_type is UnicodeAttribute:
        return lambda values: _texts(values) or attribute.serialize(values)
    write: _Write = attribute.serialize
    return write


def _texts(values: Sequence[Any]) -> list[Mapping[str, str]] | None:
    return [{"S": v} for v in values] if all(type(v) is str for v in values) else None


def _is_whole(value: Any) -> bool:
    return not isinstance(value, MapAttribute) or bool(value.validate(null_check=True))
