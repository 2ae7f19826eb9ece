"""The operations as requests of DynamoDB's API, for peers that send these as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scripts.bench import data
from scripts.bench.data import Item, Place

Call = Callable[[str, dict[str, Any]], Mapping[str, Any]]
"""Sends a request, named as in DynamoDB's API, and returns the answer."""


class Requests:
    """What each operation sends. Items are made from templates, as whoever cares would do."""

    def __init__(self, place: Place, call: Call) -> None:
        self._place = place
        self._call = call
        self._users, self._events = place.table("users"), place.table("events")
        self._user = data.typed(data.user("?"))
        self._claim = data.typed(data.claim("?"))
        self._message = data.typed(data.message("?"))
        self._event = data.typed(data.event("?", 1, 1))

    def get(self, number: int) -> Item:
        """One user."""
        key = {"id": {"S": data.user_id(number)}}
        request = {"TableName": self._users, "Key": key, "ConsistentRead": True}
        found: Item = self._call("GetItem", request)["Item"]
        return found

    def save(self, number: int) -> None:
        """One user is read, gets another name, and is written unless somebody did meanwhile."""
        self._call("PutItem", self._put_changed(self.get(number), number))

    def save_three(self, number: int) -> None:
        """The same for three in one transaction."""
        users = self._get_many([data.user_id(number * 3 + each) for each in range(3)])
        puts = [{"Put": self._put_changed(user, number)} for user in users]
        self._call("TransactWriteItems", {"TransactItems": puts})

    def register(self, number: int) -> None:
        """A user, the claim on the address, and the message, all of them new."""
        id = self._place.new(number)
        mail, claim = {"S": data.email(id)}, {"S": data.claim_key(id)}
        user = {**self._user, "id": {"S": id}, "email": mail, "heldClaims": {"L": [claim]}}
        held = {**self._claim, "id": claim, "owner": {"S": id}}
        message = {**self._message, "pk": {"S": id}, "aggregateId": {"S": id}}
        puts = [
            self._put_new(self._users, user, "id"),
            self._put_new(self._users, held, "id"),
            self._put_new(self._place.table("outbox"), message, "pk"),
        ]
        self._call("TransactWriteItems", {"TransactItems": [{"Put": put} for put in puts]})

    def list_all(self, _: int) -> list[Item]:
        """A query for the ids of 500 users, who are read by these."""
        listed = self._call(
            "Query",
            {
                "TableName": self._users,
                "IndexName": "listing",
                "KeyConditionExpression": "#0 = :0",
                "ExpressionAttributeNames": {"#0": "listShard"},
                "ExpressionAttributeValues": {":0": {"S": data.SHARD}},
                "Limit": data.USERS,
            },
        )
        ids = [item["id"]["S"] for item in listed["Items"]]
        return [
            user
            for first in range(0, len(ids), 100)
            for user in self._get_many(ids[first : first + 100])
        ]

    def append(self, count: int, number: int) -> None:
        """So many events to an empty stream."""
        id = self._place.new(number)
        puts = [self._put_new(self._events, self._event_of(id, n), "pk") for n in range(count)]
        if count == 1:
            self._call("PutItem", puts[0])
        else:
            self._call("TransactWriteItems", {"TransactItems": [{"Put": put} for put in puts]})

    def load(self, _: int) -> list[Item]:
        """The events of the long stream."""
        request: dict[str, Any] = {
            "TableName": self._events,
            "KeyConditionExpression": "#0 = :0",
            "ExpressionAttributeNames": {"#0": "pk"},
            "ExpressionAttributeValues": {":0": {"S": data.stream_key("long")}},
            "ConsistentRead": True,
        }
        found: list[Item] = []
        while True:
            page = self._call("Query", request)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _get_many(self, ids: list[str]) -> list[Item]:
        keys = [{"id": {"S": id}} for id in ids]
        asked = {self._users: {"Keys": keys, "ConsistentRead": True}}
        found = self._call("BatchGetItem", {"RequestItems": asked})
        users: list[Item] = found["Responses"][self._users]
        return users

    def _put_changed(self, user: Item, number: int) -> dict[str, Any]:
        version = {"N": str(int(user["version"]["N"]) + 1)}
        changed = {**user, "lastName": {"S": self._place.name(number)}, "version": version}
        return {
            "TableName": self._users,
            "Item": changed,
            "ConditionExpression": "#0 = :0",
            "ExpressionAttributeNames": {"#0": "version"},
            "ExpressionAttributeValues": {":0": user["version"]},
        }

    @staticmethod
    def _put_new(table: str, item: Item, key: str) -> dict[str, Any]:
        return {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists (#0)",
            "ExpressionAttributeNames": {"#0": key},
        }

    def _event_of(self, id: str, place: int) -> Item:
        version = {"N": str(place + 1)}
        key = {"S": data.stream_key(id)}
        return {**self._event, "pk": key, "sk": version, "version": version}
