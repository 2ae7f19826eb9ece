"""What requests and answers tell of themselves: keys, capacity units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infrastructure.dynamodb.items import Item, key_text

Request = Mapping[str, Any]
Response = Mapping[str, Any]

KeyNames = Mapping[str, Sequence[str]]
"""The attributes that are the primary key, by the physical name of the table."""

_PLACEHOLDER = re.compile(r":\w+")


def keys_of(request: Request, key_names: KeyNames) -> Iterator[str]:
    """The primary keys that a request names, for people to read: `id=ada`.

    Of a query that is what its condition on the table's own key compares with. An item that is put
    has one where the names of its table's key are known.
    """
    for table, part in _parts(request):
        if "Key" in part:
            yield key_text(part["Key"])
        elif "Item" in part:
            yield from _key_of_item(part["Item"], key_names.get(table, ()))
        elif "KeyConditionExpression" in part and "IndexName" not in part:
            values = part.get("ExpressionAttributeValues", {})
            names = _PLACEHOLDER.findall(part["KeyConditionExpression"])
            yield key_text({name: values[name] for name in names if name in values})


def batch_size(request: Request) -> int:
    """How many items a request names."""
    return sum(1 for _ in _parts(request))


def consumed_capacity(answer: Response) -> list[Mapping[str, Any]]:
    """What an answer tells of consumed capacity, for each table."""
    consumed = answer.get("ConsumedCapacity")
    entries = consumed if isinstance(consumed, list) else [consumed]
    return [entry for entry in entries if isinstance(entry, Mapping)]


def units_of(consumed: Mapping[str, Any]) -> float:
    """The capacity units of one table."""
    units = consumed.get("CapacityUnits")
    return float(units) if isinstance(units, int | float) else 0.0


def request_id_of(answer: Response) -> str | None:
    """The id by which the service knows a request."""
    metadata = answer.get("ResponseMetadata")
    return metadata.get("RequestId") if isinstance(metadata, Mapping) else None


def _actions(request: Request) -> list[Mapping[str, Any]]:
    return [next(iter(each.values())) for each in request.get("TransactItems", ())]


def _parts(request: Request) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part of a request that names an item, with its table."""
    if "TableName" in request:
        yield request["TableName"], request
    for action in _actions(request):
        yield action["TableName"], action
    for table, asked in request.get("RequestItems", {}).items():
        if isinstance(asked, Mapping):  # of a batch of reads
            yield from ((table, {"Key": key}) for key in asked["Keys"])
        else:
            yield from ((table, next(iter(write.values()))) for write in asked)


def _key_of_item(item: Item, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield key_text({name: item[name] for name in names if name in item})
