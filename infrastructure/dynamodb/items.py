"""Items in the service's own notation: how they are made, their size, what the service refuses.

Rules and figures: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and
"Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar
from zlib import crc32

from pynamodb.attributes import Attribute, DiscriminatorAttribute
from pynamodb.models import Model

from application.errors import InvalidItem, LimitExceeded
from infrastructure.aggregates.aggregate_type import CLAIM_PREFIX
from infrastructure.limits import (
    MAX_DIGITS,
    MAX_HASH_KEY,
    MAX_ITEM,
    MAX_RANGE_KEY,
    Record,
    check_item_size,
    is_text,
    names_size,
    number_size,
    text_size,
)

ModelT = TypeVar("ModelT", bound=Model)

Value = Mapping[str, Any]
"""One attribute value: a type letter and what it holds, such as `{"S": "text"}`."""

Item = Mapping[str, Value]
"""Attributes by name, as the botocore client takes and gives them."""


def item_size(item: Item, look: Callable[[str, Value], None] | None = None) -> int:
    """The bytes that the service counts for an item.

    `look` is called for each value that may be none which the service takes.
    """
    size = names_size(tuple(item))
    for name, value in item.items():
        for kind, content in value.items():
            # Most values are such, and this runs for each that is read or written.
            if kind == "S" and content.isascii():
                size += len(content)
            elif kind == "N" and len(content) <= MAX_DIGITS and content.isdecimal():
                size += number_size(content)
            elif kind == "BOOL":
                size += 1
            else:
                if look is not None:
                    look(name, value)
                size += _value_size(value)
    return size


def request_size(request: Mapping[str, Any]) -> int:
    """The bytes that a write counts for in a transaction: its item or key, and its expressions."""
    return item_size(request.get("Item") or request["Key"]) + expressions_size(request)


def expressions_size(request: Mapping[str, Any]) -> int:
    """The bytes that the expressions of a write count for, with their names and values.

    That they count is DynamoDB Local's rule; the documentation does not say.
    """
    expressions = (request.get("ConditionExpression", ""), request.get("UpdateExpression", ""))
    names = request.get("ExpressionAttributeNames", {}).values()
    size = sum(map(text_size, (*expressions, *names)))
    values = request.get("ExpressionAttributeValues")
    return size + item_size(values) if values else size


def key_text(key: Item) -> str:
    """A key for people to read: `id=ada` or `pk=order:1, sk=7`.

    It ends up in logs. Of a claim it names the kind: the value that is claimed may be an address.
    """
    return ", ".join(f"{name}={_shown(next(iter(value.values())))}" for name, value in key.items())


def _shown(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(CLAIM_PREFIX):
        return value
    kind, _, _ = value.removeprefix(CLAIM_PREFIX).partition("#")
    return f"{CLAIM_PREFIX}{kind}#…"


def check_item(table: str, key: Collection[str], item: Item) -> int:
    """The size of an item, whose `key` is of these attributes, the hash key first.

    Raises `InvalidItem` or `LimitExceeded` for what the service would refuse.
    """

    def look(name: str, value: Value) -> None:
        for path, problem in _problems(name, value):
            raise InvalidItem(table, _described(key, item), path, problem)

    for name, allowed in zip(key, (MAX_HASH_KEY, MAX_RANGE_KEY), strict=False):
        _check_key(table, key, item, name, allowed)
    size = item_size(item, look)
    if size > MAX_ITEM:
        where = f"{_described(key, item)} of {table}"
        check_item_size(size, where, item, lambda name: _value_size(item[name]))
    return size


def _check_key(table: str, key: Collection[str], item: Item, name: str, allowed: int) -> None:
    size = _value_size(item[name])
    if size == 0:
        raise InvalidItem(table, _described(key, item), name, "a key must not be empty")
    if size > allowed:
        raise LimitExceeded("key size", size, allowed, "bytes", f"{name} of {table}")


def _described(key: Collection[str], item: Item) -> str:
    return key_text({name: item[name] for name in key})


def _value_size(value: Value) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return text_size(content)
        case "N":
            return number_size(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + len(content) + item_size(content)
        case "L":
            return 3 + sum(1 + _value_size(v) for v in content)
        case _:
            return sum(_value_size({kind[0]: member}) for member in content)


def _problems(path: str, value: Value) -> Iterator[tuple[str, str]]:
    """What the service would refuse in a value, each with the path of where it is."""
    [(kind, content)] = value.items()
    match kind:
        case "M":
            for name, member in content.items():
                yield from _problems(path, {"S": name})
                yield from _problems(f"{path}.{name}", member)
        case "L":
            for index, member in enumerate(content):
                yield from _problems(f"{path}[{index}]", member)
        case "SS" | "NS" | "BS" if not content:
            yield path, "an empty set cannot be stored"
        case "SS" | "NS":
            for member in content:
                yield from _problems(path, {kind[0]: member})
        case "N":
            yield from ((path, problem) for problem in _number_problems(content))
        case "S" if not is_text(content):
            yield path, "is text that UTF-8 cannot encode"


def _number_problems(number: str) -> Iterator[str]:
    try:
        parsed = Decimal(number)
    except InvalidOperation:
        yield f"{number!r} is not a number"
        return
    if not parsed.is_finite():
        yield f"{number} cannot be stored as a number"
        return
    digits = len("".join(map(str, parsed.as_tuple().digits)).strip("0"))
    if digits > MAX_DIGITS:
        yield f"has {digits} significant digits, at most {MAX_DIGITS} are kept"
    if parsed and not -130 <= parsed.adjusted() <= 125:
        yield f"{number} is outside the range of stored numbers"


def model_of(model: type[ModelT], record: Record) -> ModelT:
    """The item of a record, whose names are the stored ones or, for keys, those of Python."""
    names = _names(model)
    return holding(model, {names[stored]: value for stored, value in record.items()})


def holding(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    """The same as `model(**values)`, past those descriptors that keep a value as it is.

    They take ten times as long as all else.
    """
    kept = _kept_as_they_are(model)
    if not kept:
        return model(**values)
    made = model.__new__(model)
    made.attribute_values = held = {}
    for name, value in values.items():
        if name in kept:
            held[name] = value
        elif name in model.get_attributes():
            setattr(made, name, value)
        else:
            return model(**values)  # which refuses it
    return made


@cache
def _names(model: type[Model]) -> Mapping[str, str]:
    """The names in Python by those that are stored, and by themselves."""
    attributes = model.get_attributes().items()
    return {name: name for name, _ in attributes} | {a.attr_name: name for name, a in attributes}


@cache
def _kept_as_they_are(model: type[Model]) -> Set[str]:
    """The attributes that a model's object holds as they are given; none where it does more."""
    attributes = model.get_attributes()
    fills_in = any(
        isinstance(a, DiscriminatorAttribute) or (a.default, a.default_for_new) != (None, None)
        for a in attributes.values()
    )
    if fills_in or model.__init__ is not Model.__init__:
        return frozenset()
    return {n for n, a in attributes.items() if type(a).__set__ is Attribute.__set__}


def shard_of(key: str, shards: int) -> int:
    """The shard of a key, from 0. Part of stored keys: never change how it is reckoned."""
    return crc32(key.encode()) % shards
