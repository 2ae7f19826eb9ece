"""Batch reads: as many requests as it takes, and nothing left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from application.errors import Throttled
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item

MOST_KEYS = 100
"""Keys in one `BatchGetItem`. Source: API reference."""


def batch_get(gateway: Gateway, table: str, keys: Sequence[Item]) -> list[Item]:
    """The items that exist among these different keys, strongly consistent, in no order.

    What the service leaves over is asked for again, after a pause that grows while nothing
    comes. Raises `Throttled` when the policy's attempts bring nothing.
    """
    found: list[Item] = []
    for start in range(0, len(keys), MOST_KEYS):
        found += _get_all(gateway, table, keys[start : start + MOST_KEYS])
    return found


def _get_all(gateway: Gateway, table: str, keys: Sequence[Item]) -> list[Item]:
    found: list[Item] = []
    wanted: dict[str, Any] = {table: {"Keys": list(keys), "ConsistentRead": True}}
    idle = 0
    while wanted:
        answer = gateway.call("BatchGetItem", {"RequestItems": wanted})
        items = answer["Responses"].get(table, [])
        found += items
        wanted = answer.get("UnprocessedKeys") or {}
        idle = 0 if items else idle + 1
        if wanted and idle >= gateway.retry.attempts:
            raise Throttled(
                operation="BatchGetItem", table=table, attempts=idle, reasons=("UnprocessedKeys",)
            )
        if wanted:
            gateway.retry.sleep(gateway.retry.pause(idle + 1))
    return found
