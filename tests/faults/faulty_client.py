"""A DynamoDB client whose network fails on purpose, in front of a real engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from infrastructure.dynamodb.gateway.gateway import Client

Send = partial[Any]
"""Sends the request, which is its keyword arguments."""

Fault = Callable[[Send], Any]
"""What happens to one request: it may be sent, its answer returned, dropped, or replaced."""

ENDPOINT = "http://127.0.0.1"
WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")


def answer_lost(send: Send) -> Any:
    """The engine applies the request; the answer never arrives."""
    send()
    raise ReadTimeoutError(endpoint_url=ENDPOINT)


def connection_reset(send: Send) -> Any:
    """The engine applies the request; the connection breaks before the answer."""
    send()
    raise ConnectionClosedError(endpoint_url=ENDPOINT)


def request_lost(send: Send) -> Any:
    """The request never arrives, and the sender cannot know."""
    raise ReadTimeoutError(endpoint_url=ENDPOINT)


def not_connected(send: Send) -> Any:
    """No connection: the request was never sent, and the sender knows."""
    raise EndpointConnectionError(endpoint_url=ENDPOINT)


def refused(code: str, status: int = 400, reasons: tuple[str, ...] = ()) -> Fault:
    """The service answers with an error, without doing anything."""

    def fault(send: Send) -> Any:
        response: dict[str, Any] = {
            "Error": {"Code": code, "Message": code},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "injected"},
        }
        if reasons:
            response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
        raise ClientError(response, "Injected")

    return fault


def contended(send: Send) -> Any:
    """Another transaction holds the first item of this one."""
    others = len(send.keywords["TransactItems"]) - 1
    reasons = ("TransactionConflict", *["None"] * others)
    return refused("TransactionCanceledException", reasons=reasons)(send)


@define
class FaultyClient:
    """Lets the faults happen to the requests that `concerns` picks, in order, then works.

    `after_fault` runs after each fault: the place for what others do before the next attempt.
    """

    client: Client
    faults: list[Fault] = field(factory=list)
    concerns: Callable[[str], bool] = lambda operation: operation in WRITES
    after_fault: Callable[[], object] = lambda: None
    sent: list[tuple[str, dict[str, Any]]] = field(factory=list)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self.client, operation)

        def call(**request: Any) -> Any:
            self.sent.append((operation, request))
            if not self.faults or not self.concerns(operation):
                return method(**request)
            fault = self.faults.pop(0)
            try:
                return fault(partial(method, **request))
            finally:
                self.after_fault()

        return call
