"""Results that come page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item

MAX_LIMIT = 2**31 - 1
"""The largest limit that a query takes: it is a 32 bit number there."""


def pages(
    gateway: Gateway, operation: str, request: Mapping[str, Any], limit: int | None = None
) -> Iterator[list[Item]]:
    """The items of a `Query` or `Scan`, page by page: all, or the first `limit`.

    Follows the cursor, not the count: a page can be empty and be followed by more.
    """
    asked, left = dict(request), limit
    while left is None or left > 0:
        if left is not None:
            asked["Limit"] = min(left, MAX_LIMIT)
        answer = gateway.call(operation, asked)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        left = None if left is None else left - len(answer["Items"])


def together(results: Sequence[Iterator[list[Item]]]) -> list[Iterator[Item]]:
    """The items of each of several results; their first pages are asked for at the same time."""
    if len(results) == 1:
        return [_items([], results[0])]
    with ThreadPoolExecutor(len(results)) as pool:
        first: list[list[Item]] = [*pool.map(_first_page, results)]
    return [_items(page, rest) for page, rest in zip(first, results, strict=True)]


def _first_page(result: Iterator[list[Item]]) -> list[Item]:
    return next(result, [])


def _items(first: list[Item], rest: Iterator[list[Item]]) -> Iterator[Item]:
    yield from first
    for page in rest:
        yield from page
