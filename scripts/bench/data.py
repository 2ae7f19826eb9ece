"""What every peer reads and writes: the items that the service stores, of the same sizes.

It is imported in the environment of the peers, too, so it needs the standard library alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

Item = Mapping[str, Any]
"""An item as plain Python values, or as DynamoDB's JSON."""

USERS = 500
"""So many users are there from the start. Their ids come before those of any other."""

EVENTS = 1_000
"""So many events are in each long stream."""

LONG = {"item_per_event": "long", "packed": "long-packed"}
"""The ids of the long streams, by their layout."""

REPLAYED = 100_000
"""So many events are replayed in memory."""

SHARD = "USER#0"
_COMMIT = "01980000-0000-7000-8000-000000000000"
_NOW = "2026-01-02T03:04:05.678901+00:00"
HASH = f"$argon2id$v=19$m=65536,t=3,p=4${'x' * 66}"
TITLE = f"A reference book of many pages {'x' * 130}"


@dataclass(frozen=True)
class Place:
    """Where the tables of one run are, and whose the ids of what is written are."""

    endpoint_url: str
    prefix: str
    peer: str

    def table(self, name: str) -> str:
        """The physical name of a table."""
        return f"{self.prefix}{name}"

    def new(self, number: int) -> str:
        """An id that nobody else writes."""
        return f"{self.peer}-{number}"

    def name(self, number: int) -> str:
        """A last name that nobody else gives: who saves what did not change writes nothing."""
        return f"King {self.peer} {number}"


def user_id(number: int) -> str:
    """One of the users that are there."""
    return f"a-{number % USERS:03}"


def user(id: str) -> dict[str, Any]:
    """A new user: 12 attributes."""
    return {
        "id": id,
        "commits": [_COMMIT],
        "email": email(id),
        "firstName": "Ada",
        "heldClaims": [claim_key(id)],
        "isBanned": False,
        "isEmailVerified": False,
        "lastName": "Lovelace",
        "listShard": SHARD,
        "passwordHash": HASH,
        "role": "member",
        "version": 1,
    }


def email(id: str) -> str:
    """The address of a user."""
    return f"{id}@example.com"


def claim_key(id: str) -> str:
    """The id of the claim on that address."""
    return f"CLAIM#email#{email(id)}"


def claim(id: str) -> dict[str, Any]:
    """The claim on the address of a user, in the table of users."""
    return {"id": claim_key(id), "commits": [_COMMIT], "owner": id}


def message(id: str) -> dict[str, Any]:
    """The message that tells of a registration."""
    told = {
        "occurred_at": _NOW,
        "user_id": id,
        "email": email(id),
        "first_name": "Ada",
        "last_name": "Lovelace",
        "role": "member",
    }
    return {
        "pk": id,
        "sk": f"000000000001-000-{_COMMIT}",
        "aggregateId": id,
        "aggregateType": "User",
        "commitId": _COMMIT,
        "createdAt": _NOW,
        "destination": "users",
        "headers": '{"aggregateVersion":"1"}',
        "isPublished": False,
        "messageType": "UserRegistered",
        "outstanding": "pending#2",
        "payload": _encoded(told),
        "retryCount": 0,
    }


def stream_key(id: str) -> str:
    """The partition key of a stream."""
    return f"Order:{id}"


def event(id: str, version: int, count: int) -> dict[str, Any]:
    """One of so many events that are appended to an empty stream, with 300 bytes of JSON."""
    line = {"sku": "a", "title": TITLE, "quantity": 1, "unit_price_cents": 1}
    return {
        "pk": stream_key(id),
        "sk": version,
        "aggregateId": id,
        "aggregateType": "Order",
        "commitCount": count,
        "commitFirst": 1,
        "commitId": _COMMIT,
        "eventData": _encoded({"occurred_at": _NOW, "order_id": id, "line": line}),
        "eventId": _COMMIT,
        "eventType": "LineAdded",
        "isDispatched": False,
        "metadata": '{"schemaVersion":1}',
        "timestamp": _NOW,
        "version": version,
    }


def _encoded(value: object) -> str:
    return b64encode(dumps(value, separators=(",", ":")).encode()).decode()


def typed(item: Item) -> dict[str, Any]:
    """An item as DynamoDB's JSON."""
    return {name: _typed(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [_typed(each) for each in value]}
    return {"S": value}
