"""What the outbox asks of DynamoDB, how it takes the answers, and what a refusal means."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from application.ports.outbox import (
    KeyNotHeld,
    MessageAlreadyAdded,
    MessageNotFound,
    NotDeadLettered,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.timestamps import milliseconds
from infrastructure.dynamodb.tables.outbox import DynamoDBOutboxTable
from infrastructure.dynamodb.transaction.actions import ItemAction
from infrastructure.outbox.table import HEAD, PAGE, Published, Queue, QueueEntry
from tests.contract.storing import facts
from tests.items import message_model
from tests.outboxes import LATER, ids_of, key, message
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, refusal, sent

LEASE = KeyLease(name="ada", owner="relay", token=7, until=LATER, last_message_id="", attempts=0)


def table(door: Gateway, shards: int = 1) -> DynamoDBOutboxTable:
    return DynamoDBOutboxTable(door, "outbox", shards)


def item(message_id: str, ordering_key: str = "ada") -> Item:
    return message_model(message(message_id, ordering_key)).serialize()


def entry(message_id: str, ordering_key: str = "ada") -> QueueEntry:
    return QueueEntry(key=key(message_id, ordering_key), created_at=NOW, retry_count=0)


def page(*items: Item, last: Item | None = None) -> dict[str, Any]:
    """An answer of these items; those behind `last` are still to come."""
    if last is None:
        return {"Items": list(items)}
    return {"Items": list(items), "LastEvaluatedKey": {"pk": last["pk"], "sk": last["sk"]}}


def head(owner: str = "relay", **more: str) -> Item:
    numbers = {name: {"N": number} for name, number in more.items()}
    key = {"pk": {"S": "ada"}, "sk": {"S": HEAD}}
    return {**key, "owner": {"S": owner}, "token": {"N": "7"}, **numbers}


def values(request: dict[str, Any]) -> dict[str, Any]:
    """What a request compares with, by the names that it gives them."""
    told: dict[str, Any] = request["ExpressionAttributeValues"]
    return told


class TestReading:
    @pytest.mark.parametrize(
        ("bounds", "after", "limit"),
        [({}, HEAD, PAGE), ({"after": "2"}, "2", PAGE), ({"after": "2", "page": 3}, "2", 3)],
    )
    def test_messages_of_a_key_are_read_strongly_consistent_behind_its_head(
        self, bounds: dict[str, Any], after: str, limit: int
    ) -> None:
        door = gateway(page())

        assert list(table(door).read("ada", **bounds)) == []

        ((method, request),) = sent(door)
        assert (method, request["ConsistentRead"], request["Limit"]) == ("query", True, limit)
        assert values(request) == {":key": {"S": "ada"}, ":after": {"S": after}}

    def test_they_are_read_page_by_page(self) -> None:
        door = gateway(page(item("1"), item("2"), last=item("2")), page(item("3")))

        assert ids_of(list(table(door).read("ada"))) == ["1", "2", "3"]

    def test_everything_in_a_queue_is_found_in_all_shards(self) -> None:
        door = gateway(page(item("1")), page(item("2"), last=item("2")), page(item("3")))

        found = list(table(door, shards=2).entries(Queue.DEAD))

        assert found == [entry("1"), entry("2"), entry("3")]
        asked = {values(request)[":queue"]["S"] for _, request in sent(door)}
        assert asked == {"dead#0", "dead#1"}

    def test_pending_messages_are_found_in_all_shards(self) -> None:
        door = gateway(page(item("1")))

        pages = islice(table(door, shards=2).pending_pages(), 9)  # and not for ever

        assert list(pages) == [[entry("1")], [entry("1")]]
        asked = {values(request)[":queue"]["S"] for _, request in sent(door)}
        assert asked == {"pending#0", "pending#1"}

    def test_what_is_pending_is_looked_for_behind_the_last_key_of_a_page(self) -> None:
        """So a key with a great many messages hides no other."""
        door = gateway(page(item("1"), last=item("1")), page(item("1", "bob")))

        pages = islice(table(door).pending_pages(), 9)  # and not for ever

        assert list(pages) == [[entry("1")], [entry("1", "bob")]]
        told = [values(request) for _, request in sent(door)]
        pending = {":queue": {"S": "pending#0"}}
        assert told == [pending, {**pending, ":last": {"S": "ada"}}]

    def test_page_of_the_index_that_is_empty_is_followed_by_the_next(self) -> None:
        door = gateway(page(last=item("1")), page(item("1", "bob")))

        pages = islice(table(door).pending_pages(), 9)  # and not for ever

        assert list(pages) == [[entry("1", "bob")]]

    def test_what_was_published_is_told_with_its_time(self) -> None:
        published = {**item("1"), "publishedAt": {"S": NOW.isoformat()}}
        door = gateway(page(last=item("0")), page(published))

        assert list(table(door).published()) == [Published(key("1"), NOW)]

        requests = [request for _, request in sent(door)]
        assert [values(request) for request in requests] == [{":yes": {"BOOL": True}}] * 2

    def test_messages_that_are_deleted_go_in_one_request(self) -> None:
        door = gateway({})

        table(door).delete([key("1"), key("2")])

        ((method, request),) = sent(door)
        gone = [
            each["DeleteRequest"]["Key"]["sk"]["S"] for each in request["RequestItems"]["outbox"]
        ]
        assert (method, gone) == ("batch_write_item", ["1", "2"])


class TestTaking:
    def taken(self, door: Gateway) -> KeyLease | Busy:
        return table(door).take("ada", "relay", NOW, LATER, LATER)

    def test_lease_is_what_the_head_shows_once_it_is_taken(self) -> None:
        door = gateway({"Attributes": head(attempts="2")})

        taken = self.taken(door)

        assert taken == KeyLease(
            name="ada", owner="relay", token=7, until=LATER, last_message_id="", attempts=2
        )
        ((method, request),) = sent(door)
        assert (method, request["TableName"]) == ("update_item", "outbox")
        assert request["ReturnValues"] == "ALL_NEW"

    def test_lease_that_a_lost_request_took_is_had(self) -> None:
        old = head(leaseUntil=str(milliseconds(LATER)))

        assert self.taken(refused_by(old)) == LEASE

    @pytest.mark.parametrize("owner", ["relay", "other"])
    def test_key_is_busy_until_the_lease_that_the_head_shows_is_over(self, owner: str) -> None:
        ends = LATER + timedelta(seconds=1)
        old = head(owner, leaseUntil=str(milliseconds(ends)))

        assert self.taken(refused_by(old)) == Busy(ends, is_held=True)

    def test_key_whose_head_is_gone_may_be_tried_at_once(self) -> None:
        assert self.taken(refused_by(None)) == Busy(NOW)

    def test_end_of_a_lease_may_be_sent_twice(self) -> None:
        """So it goes as a plain write, at half the price of a transaction."""
        ended = table(gateway({})).release(LEASE, at=NOW, next_attempt=None, expires=LATER)

        assert ended.repeatable


class TestRefusals:
    def test_message_that_is_there_was_added_already(self) -> None:
        action = table(gateway({})).put(message("1"), "commit-1")

        assert facts(error(action, item("1"))) == facts(MessageAlreadyAdded("ada", "1"))
        assert error(action, None) is None

    def test_only_a_message_that_is_there_is_changed(self) -> None:
        action = table(gateway({})).publish(key("1"), NOW, LATER)

        assert facts(error(action, None)) == facts(MessageNotFound("ada", "1"))
        assert error(action, item("1")) is None

    @pytest.mark.parametrize(
        ("old", "conflict"),
        [
            (None, MessageNotFound("ada", "1")),
            ({}, NotDeadLettered("ada", "1")),
            ({"deadLetteredAt": {}, "publishedAt": {}}, NotDeadLettered("ada", "1")),
            ({"deadLetteredAt": {}}, None),
        ],
    )
    def test_only_a_dead_letter_that_was_not_published_is_sent_again(
        self, old: Item | None, conflict: Conflict | None
    ) -> None:
        action = table(gateway({})).redrive(key("1"))

        assert facts(error(action, old)) == facts(conflict)

    @pytest.mark.parametrize(("old", "is_known"), [(None, False), ({}, True)])
    def test_key_that_nobody_holds_is_told_from_one_that_is_unknown(
        self, old: Item | None, is_known: bool
    ) -> None:
        action = table(gateway({})).free("ada")

        assert facts(error(action, old)) == facts(KeyNotHeld("ada", is_known))


def refused_by(old: Item | None) -> Gateway:
    """A gateway to a head that does not meet the condition."""
    found: dict[str, Any] = {} if old is None else {"Item": old}
    return gateway(refusal("ConditionalCheckFailedException", **found))


def error(action: ItemAction, old: Item | None) -> Conflict | None:
    """What it means that this item refused the action."""
    (only,) = action.refusals
    return only.error(old)
