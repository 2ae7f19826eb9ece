"""Reads items by a PynamoDB model, without making the model.

A model's object costs ten times what its values do. Where an item is not as the model says, the
model is made after all: what it takes nevertheless, and how it refuses the rest, is its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from pynamodb.attributes import (
    Attribute,
    AttributeContainer,
    BinaryAttribute,
    BinarySetAttribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
)
from pynamodb.models import Model

from infrastructure.dynamodb.items import Item

Values = dict[str, Any]
"""By the names that the model has in Python. Maps are such dicts, too."""

_UNLIKE_THE_MODEL = (LookupError, TypeError, ValueError, AttributeError)

_Read = Callable[[Any], Any]


def reader_of(model: type[Model]) -> Callable[[Item], Values]:
    """What reads the items of a model, as often as wanted.

    What is not stored is None where the model allows that, and left out elsewhere. It raises what
    PynamoDB raises: `AttributeDeserializationError`, `ValueError`, `TypeError`.
    """
    read_map = _map_reader(model)

    def read(item: Item) -> Values:
        try:
            return read_map(item)
        except _UNLIKE_THE_MODEL:
            return plain(model.from_raw_data(dict(item)))

    return read


def plain(container: AttributeContainer) -> Values:
    """The values of a model's object."""
    return {
        name: _simple(value)
        for name, attribute in container.get_attributes().items()
        if (value := getattr(container, name)) is not None or attribute.null
    }


def _simple(value: Any) -> Any:
    if isinstance(value, MapAttribute):
        return value.as_dict() if type(value).is_raw() else plain(value)
    if isinstance(value, list):
        return [_simple(member) for member in value]
    return value


def _map_reader(container: Any) -> Callable[[Item], Values]:
    fields = [
        (name, attribute.attr_name, _value_reader(attribute), attribute)
        for name, attribute in container.get_attributes().items()
    ]

    def read(item: Item) -> Values:
        values: Values = {}
        for name, stored, read_value, attribute in fields:
            value = item.get(stored)
            if value and "NULL" not in value:
                values[name] = read_value(value)
            elif attribute.default is not None:
                raise LookupError(stored)  # the model knows what stands for it
            elif attribute.null:
                values[name] = None
        return values

    return read


def _value_reader(attribute: Any) -> _Read:
    letter, deserialize = attribute.attr_type, type(attribute).deserialize
    if deserialize in (Attribute.deserialize, BooleanAttribute.deserialize):
        return itemgetter(letter)
    convert = _converter(attribute)
    return lambda value: convert(value[letter])


def _converter(attribute: Any) -> _Read:
    if type(attribute).deserialize is NumberAttribute.deserialize:
        return _number
    if isinstance(attribute, TTLAttribute):
        return lambda text: attribute.deserialize(str(int(text)))  # the model rounds others
    if isinstance(attribute, MapAttribute) and not attribute.is_raw():
        return _map_reader(attribute)
    element = attribute.element_type if isinstance(attribute, ListAttribute) else None
    # Of binary values PynamoDB has two encodings, and knows which.
    if element is not None and not issubclass(element, (BinaryAttribute, BinarySetAttribute)):
        read_member = _value_reader(element())
        return lambda members: [
            None if "NULL" in member else read_member(member) for member in members
        ]
    return lambda value: _simple(attribute.deserialize(value))


def _number(text: str) -> int | float:
    """As PynamoDB reads it, but faster where it is short and whole."""
    return int(text) if text.isdecimal() and text.isascii() else json.loads(text)
