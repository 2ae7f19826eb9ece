"""Batches: as many requests as it takes, and nothing left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from application.batched import batched
from application.errors import Throttled
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item

MAX_KEYS = 100
"""Keys in one `BatchGetItem`. Source: API reference."""

MAX_WRITES = 25
"""Writes in one `BatchWriteItem`. Source: API reference."""


def batch_get(gateway: Gateway, table: str, keys: Sequence[Item]) -> list[Item]:
    """The items that exist among these different keys, strongly consistent, in no order.

    What the service leaves over is asked for again, after a pause that grows while nothing
    comes. Raises `Throttled` when the policy's attempts bring nothing.
    """
    found: list[Item] = []
    for part in batched(keys, MAX_KEYS):
        found += _get_all(gateway, table, part)
    return found


def batch_delete(gateway: Gateway, table: str, keys: Sequence[Item]) -> None:
    """Removes the items of these different keys, without conditions.

    What the service leaves over is sent again, after a pause that grows while nothing goes. Raises
    `Throttled` when the policy's attempts remove nothing.
    """
    for part in batched(keys, MAX_WRITES):
        _write_all(gateway, table, [{"DeleteRequest": {"Key": key}} for key in part])


def batch_put(gateway: Gateway, table: str, items: Sequence[Item]) -> None:
    """Writes these items of different keys, in place of those that are there.

    What the service leaves over is sent again, after a pause that grows while nothing goes. Raises
    `Throttled` when the policy's attempts write nothing.
    """
    for part in batched(items, MAX_WRITES):
        _write_all(gateway, table, [{"PutRequest": {"Item": item}} for item in part])


def _write_all(gateway: Gateway, table: str, requests: list[dict[str, Any]]) -> None:
    left, idle = requests, 0
    while left:
        answer = gateway.call("BatchWriteItem", {"RequestItems": {table: left}})
        unprocessed = answer.get("UnprocessedItems", {}).get(table, [])
        idle = 0 if len(unprocessed) < len(left) else idle + 1
        left = unprocessed
        if left:
            _pause(gateway, "BatchWriteItem", table, "UnprocessedItems", idle)


def _get_all(gateway: Gateway, table: str, keys: Sequence[Item]) -> list[Item]:
    found: list[Item] = []
    wanted: dict[str, Any] = {table: {"Keys": list(keys), "ConsistentRead": True}}
    idle = 0
    while wanted:
        answer = gateway.call("BatchGetItem", {"RequestItems": wanted})
        items = answer["Responses"].get(table, [])
        found += items
        wanted = answer.get("UnprocessedKeys", {})
        idle = 0 if items else idle + 1
        if wanted:
            _pause(gateway, "BatchGetItem", table, "UnprocessedKeys", idle)
    return found


def _pause(gateway: Gateway, operation: str, table: str, reason: str, idle: int) -> None:
    """Waits before leftovers are sent again; raises where that brought nothing too often."""
    if idle >= gateway.retry.attempts:
        raise Throttled(operation=operation, table=table, attempts=idle, reasons=(reason,))
    gateway.retry.sleep(gateway.retry.pause(idle + 1))
