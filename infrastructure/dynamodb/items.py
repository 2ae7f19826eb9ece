"""Items in the service's own notation: how they are made, their size, what the service refuses.

Rules and figures: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and
"Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar
from zlib import crc32

from pynamodb.models import Model

from application.errors import InvalidItem, LimitExceeded
from infrastructure.aggregates.aggregate_type import CLAIM_PREFIX
from infrastructure.limits import (
    MAX_DIGITS,
    MAX_HASH_KEY,
    MAX_RANGE_KEY,
    Record,
    check_item_size,
    is_text,
    number_size,
    text_size,
)

ModelT = TypeVar("ModelT", bound=Model)

Value = Mapping[str, Any]
"""One attribute value: a type letter and what it holds, such as `{"S": "text"}`."""

Item = Mapping[str, Value]
"""Attributes by name, as the botocore client takes and gives them."""


def item_size(item: Item) -> int:
    """The bytes that the service counts for an item."""
    size = 0
    for name, value in item.items():
        size += text_size(name)
        for kind, content in value.items():
            # Most values are such texts, and this runs for each that is read.
            size += len(content) if kind == "S" and content.isascii() else _value_size(value)
    return size


def request_size(request: Mapping[str, Any]) -> int:
    """The bytes that a write counts for in a transaction: its item or key, and its expressions.

    That expressions count is DynamoDB Local's rule; the documentation does not say.
    """
    expressions = (request.get("ConditionExpression", ""), request.get("UpdateExpression", ""))
    names = request.get("ExpressionAttributeNames", {}).values()
    return (
        item_size(request.get("Item") or request["Key"])
        + item_size(request.get("ExpressionAttributeValues", {}))
        + sum(len(text.encode()) for text in (*expressions, *names))
    )


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


def check_item(table: str, key: Item, item: Item) -> None:
    """Raises `InvalidItem` or `LimitExceeded` for what the service would refuse."""
    described = key_text(key)
    for name in key:
        _check_key(table, described, name, item[name], hash_key=name == next(iter(key)))
    for name, value in item.items():
        for path, problem in _problems(name, value):
            raise InvalidItem(table, described, path, problem)
    where = f"{described} of {table}"
    check_item_size(item_size(item), where, item, lambda name: _value_size(item[name]))


def _check_key(table: str, described: str, name: str, value: Value, *, hash_key: bool) -> None:
    size, allowed = _value_size(value), MAX_HASH_KEY if hash_key else MAX_RANGE_KEY
    if size == 0:
        raise InvalidItem(table, described, name, "a key must not be empty")
    if size > allowed:
        raise LimitExceeded("key size", size, allowed, "bytes", f"{name} of {table}")


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
    names = _python_names(model)
    values: dict[str, Any] = {names.get(stored, stored): v for stored, v in record.items()}
    return model(**values)


@cache
def _python_names(model: type[Model]) -> Mapping[str, str]:
    return {attribute.attr_name: name for name, attribute in model.get_attributes().items()}


def shard_of(key: str, shards: int) -> int:
    """The shard of a key, from 0. Part of stored keys: never change how it is reckoned."""
    return crc32(key.encode()) % shards
