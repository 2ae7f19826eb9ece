"""Capacity units: as the engine reports them, and read units by the documented rules.

Rules: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations: capacity unit
consumption". Local engines report some read units wrongly; for them the rules are applied to
what came back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from infrastructure.dynamodb.items import Item, item_size

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
"""Operations that change data: a lost answer leaves their outcome open."""

METERED = WRITES | {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}
"""Operations that consume capacity and report it."""

READ_UNIT = 4096
"""Bytes that one strongly consistent read unit covers."""


def reported_units(operation: str, response: Mapping[str, Any]) -> tuple[float, float]:
    """Read and write units as the engine reports them in an answer."""
    consumed = response.get("ConsumedCapacity") or []
    reads = writes = 0.0
    for table in consumed if isinstance(consumed, list) else [consumed]:
        read, written = table.get("ReadCapacityUnits"), table.get("WriteCapacityUnits")
        if read is None and written is None:
            units = table.get("CapacityUnits", 0.0)
            read, written = (0.0, units) if operation in WRITES else (units, 0.0)
        reads, writes = reads + (read or 0.0), writes + (written or 0.0)
    return reads, writes


def read_units(operation: str, request: Mapping[str, Any], response: Mapping[str, Any]) -> float:
    """Read units by the rules, from the items in an answer.

    Exact for requests that neither filter nor project: what the service read and left out
    cannot be seen from here.
    """
    match operation:
        case "GetItem":
            found = [response["Item"]] if "Item" in response else []
            return _each(found, asked=1) * _consistency(request)
        case "BatchGetItem":
            return sum(
                _each(response["Responses"].get(table, ()), _answered(table, asked, response))
                * _consistency(asked)
                for table, asked in request["RequestItems"].items()
            )
        case "TransactGetItems":
            answers = response.get("Responses", ())
            return 2 * _each([a["Item"] for a in answers if a.get("Item")], len(answers))
        case "Query" | "Scan":
            return _units(sum(map(item_size, response["Items"]))) * _consistency(request)
        case _:
            return 0.0


def _each(items: Sequence[Item], asked: int) -> float:
    """Every item is rounded up by itself; looking for one that is missing costs a unit."""
    return sum(_units(item_size(item)) for item in items) + (asked - len(items))


def _answered(table: str, asked: Mapping[str, Any], response: Mapping[str, Any]) -> int:
    left = response.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
    return len(asked["Keys"]) - len(left)


def _units(size: int) -> int:
    return max(1, ceil(size / READ_UNIT))


def _consistency(request: Mapping[str, Any]) -> float:
    return 1.0 if request.get("ConsistentRead") else 0.5
