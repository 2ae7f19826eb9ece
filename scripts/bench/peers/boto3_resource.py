"""boto3's resource, with plain Python values. Each thread has its own, as boto3 asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key

from scripts.bench import data
from scripts.bench.data import Item, Place
from scripts.bench.peers.named import named


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    return named(Resource(place))


class Resource:
    """The operations."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._threads = threading.local()

    @property
    def _service(self) -> Any:
        try:
            return self._threads.service
        except AttributeError:
            session = boto3.session.Session()
            service = session.resource("dynamodb", endpoint_url=self._place.endpoint_url)
            self._threads.users = service.Table(self._place.table("users"))
            self._threads.events = service.Table(self._place.table("events"))
            self._threads.service = service
            return service

    @property
    def _users(self) -> Any:
        return self._service and self._threads.users

    @property
    def _events(self) -> Any:
        return self._service and self._threads.events

    def get(self, number: int) -> Item:
        """See `Peer`, as below."""
        key = {"id": data.user_id(number)}
        found: Item = self._users.get_item(Key=key, ConsistentRead=True)["Item"]
        return found

    def save(self, number: int) -> None:
        """As `get`."""
        user = self.get(number)
        unchanged = Attr("version").eq(user["version"])
        self._users.put_item(Item=self._changed(user, number), ConditionExpression=unchanged)

    def save_three(self, number: int) -> None:
        """As `get`."""
        users = self._get_many([data.user_id(number * 3 + each) for each in range(3)])
        puts = [
            {
                "Put": {
                    "TableName": self._place.table("users"),
                    "Item": self._changed(user, number),
                    "ConditionExpression": "#0 = :0",
                    "ExpressionAttributeNames": {"#0": "version"},
                    "ExpressionAttributeValues": {":0": user["version"]},
                }
            }
            for user in users
        ]
        self._service.meta.client.transact_write_items(TransactItems=puts)

    def register(self, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        puts = [
            _put_new(self._place.table("users"), data.user(id), "id"),
            _put_new(self._place.table("users"), data.claim(id), "id"),
            _put_new(self._place.table("outbox"), data.message(id), "pk"),
        ]
        self._service.meta.client.transact_write_items(TransactItems=puts)

    def list_all(self, _: int) -> list[Item]:
        """As `get`."""
        shard = Key("listShard").eq(data.SHARD)
        listed = self._users.query(
            IndexName="listing", KeyConditionExpression=shard, Limit=data.USERS
        )
        ids = [item["id"] for item in listed["Items"]]
        return [
            user
            for first in range(0, len(ids), 100)
            for user in self._get_many(ids[first : first + 100])
        ]

    def append(self, count: int, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        events = [data.event(id, version, count) for version in range(1, count + 1)]
        if count == 1:
            self._events.put_item(Item=events[0], ConditionExpression=Attr("pk").not_exists())
            return
        puts = [_put_new(self._place.table("events"), event, "pk") for event in events]
        self._service.meta.client.transact_write_items(TransactItems=puts)

    def load(self, _: int) -> list[Item]:
        """As `get`."""
        request = {
            "KeyConditionExpression": Key("pk").eq(data.stream_key("long")),
            "ConsistentRead": True,
        }
        found: list[Item] = []
        while True:
            page = self._events.query(**request)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _get_many(self, ids: list[str]) -> list[Item]:
        table = self._place.table("users")
        asked = {table: {"Keys": [{"id": id} for id in ids], "ConsistentRead": True}}
        found = self._service.batch_get_item(RequestItems=asked)
        users: list[Item] = found["Responses"][table]
        return users

    def _changed(self, user: Item, number: int) -> Item:
        return {**user, "lastName": self._place.name(number), "version": user["version"] + 1}


def _put_new(table: str, item: Item, key: str) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists (#0)",
            "ExpressionAttributeNames": {"#0": key},
        }
    }
