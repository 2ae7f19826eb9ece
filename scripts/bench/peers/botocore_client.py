"""botocore's client, with DynamoDB's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.session import get_session

from scripts.bench.data import Place
from scripts.bench.peers.named import named
from scripts.bench.peers.requests import Requests

_METHODS = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "BatchGetItem": "batch_get_item",
    "TransactWriteItems": "transact_write_items",
}


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    client = get_session().create_client("dynamodb", endpoint_url=place.endpoint_url)

    def call(operation: str, request: dict[str, Any]) -> Any:
        return getattr(client, _METHODS[operation])(**request)

    return named(Requests(place, call))
