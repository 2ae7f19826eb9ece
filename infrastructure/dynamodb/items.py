"""Items in the service's own notation, their size, and what the service refuses in them.

Rules and figures: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and
"Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from application.errors import InvalidItem, LimitExceeded

Value = Mapping[str, Any]
"""One attribute value: a type letter and what it holds, such as `{"S": "text"}`."""

Item = Mapping[str, Value]
"""Attributes by name, as the botocore client takes and gives them."""

LARGEST_ITEM = 400 * 1024
"""Bytes of one item, names of attributes included."""

LARGEST_HASH_KEY = 2048
LARGEST_RANGE_KEY = 1024
MOST_DIGITS = 38


def item_size(item: Item) -> int:
    """The bytes that the service counts for an item."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


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
    """A key for people to read: `id=ada` or `pk=order:1, sk=7`."""
    return ", ".join(f"{name}={next(iter(value.values()))}" for name, value in key.items())


def check_item(table: str, key: Item, item: Item) -> None:
    """Raises `InvalidItem` or `LimitExceeded` for what the service would refuse."""
    described = key_text(key)
    for name in key:
        _check_key(table, described, name, item[name], hash_key=name == next(iter(key)))
    for name, value in item.items():
        for path, problem in _problems(name, value):
            raise InvalidItem(table, described, path, problem)
    size = item_size(item)
    if size > LARGEST_ITEM:
        largest = max(item, key=lambda name: _value_size(item[name]))
        raise LimitExceeded(
            "item size", size, LARGEST_ITEM, "bytes", f"{described} of {table}, mostly {largest}"
        )


def _check_key(table: str, described: str, name: str, value: Value, *, hash_key: bool) -> None:
    size, allowed = _value_size(value), LARGEST_HASH_KEY if hash_key else LARGEST_RANGE_KEY
    if size == 0:
        raise InvalidItem(table, described, name, "a key must not be empty")
    if size > allowed:
        raise LimitExceeded("key size", size, allowed, "bytes", f"{name} of {table}")


def _value_size(value: Value) -> int:
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(content.encode("utf-8", "surrogatepass"))
        case "N":
            return _number_size(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + sum(1 + len(k.encode()) + _value_size(v) for k, v in content.items())
        case "L":
            return 3 + sum(1 + _value_size(v) for v in content)
        case _:
            return sum(_value_size({kind[0]: member}) for member in content)


def _number_size(number: str) -> int:
    """One byte for every two digits without outer zeros, one more, and one for a minus."""
    digits = number.lstrip("+-").lower().split("e")[0].replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2 + number.startswith("-")


def _problems(path: str, value: Value) -> Iterator[tuple[str, str]]:
    """What the service would refuse in a value, each with the path of where it is."""
    kind, content = next(iter(value.items()))
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
        case "S" if any("\ud800" <= character <= "\udfff" for character in content):
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
    if digits > MOST_DIGITS:
        yield f"has {digits} significant digits, at most {MOST_DIGITS} are kept"
    if parsed and not -130 <= parsed.adjusted() <= 125:
        yield f"{number} is outside the range of stored numbers"
