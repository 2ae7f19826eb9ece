"""Tables that are made when a request first names them: a test pays for those that it uses.

That happens below the gateway, so no meter counts it, and no fault meets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from threading import Lock
from typing import Any

import orjson
from botocore.awsrequest import AWSPreparedRequest

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema

Request = Mapping[str, Any]

_PROMISED: dict[str, Request] = {}
"""What creates a table that is not there yet, by its name, which no two tests share."""

_CREATING = Lock()


def promise(schemas: Iterable[TableSchema]) -> None:
    """Promises tables, without a time-to-live, on which no test waits."""
    _PROMISED.update({schema.name: schema.creation(Capacity()) for schema in schemas})


def keep_promises(client: Client) -> Client:
    """The same client, which creates a promised table before a request that names it."""
    events = client.meta.events
    events.register("before-send.dynamodb", partial(_create_named, client), unique_id="promises")
    return client


def create_promised(client: Client, prefix: str) -> None:
    """Creates those whose names begin so: for a process or a client that keeps no promises."""
    for name in [name for name in list(_PROMISED) if name.startswith(prefix)]:
        _create(client, name)


def _create_named(client: Client, request: AWSPreparedRequest, **_: Any) -> None:
    # The SDK's headers are bytes, ours are text.
    if "CreateTable" not in str(request.headers["X-Amz-Target"]):
        for name in _named(orjson.loads(request.body)):
            if name in _PROMISED:
                _create(client, name)


def _create(client: Client, name: str) -> None:
    with _CREATING:
        request = _PROMISED.get(name)  # none where another thread was here first
        if request is not None:
            client.create_table(**request)
            del _PROMISED[name]


def _named(request: Request) -> Iterator[str]:
    """The tables that a request names."""
    if "TableName" in request:
        yield request["TableName"]
    yield from request.get("RequestItems", ())
    for action in request.get("TransactItems", ()):
        yield from (each["TableName"] for each in action.values())
