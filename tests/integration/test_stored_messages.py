"""What messages, heads and the inbox look like to somebody who reads the tables with boto3."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from application.ports.relay_queue import Acknowledgement
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.outbox.inbox import InboxPolicy
from tests.contract.storing import put_new
from tests.outboxes import (
    LATER,
    add,
    dead_letter,
    failed,
    items,
    key,
    keys,
    message,
    outbox_of,
    queue_of,
    take,
    with_shards,
)
from tests.stores import Store, on_dynamodb
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

pytestmark = on_dynamodb

SECONDS = 2_426_328_000
"""`NOW` in unix seconds."""

DAY = 24 * 60 * 60

PENDING = {
    "pk": {"S": "ada"},
    "sk": {"S": "1"},
    "messageType": {"S": "PersonRegistered"},
    "destination": {"S": "people"},
    "payload": {"S": b64encode(b'{"person_id":"ada"}').decode()},
    "headers": {"S": "{}"},
    "createdAt": {"S": "2046-11-20T12:00:00+00:00"},
    "isPublished": {"BOOL": False},
    "retryCount": {"N": "0"},
    "outstanding": {"S": "pending#0"},
}
"""The item of `message()`, without the commit that added it."""

Item = dict[str, Any]


def item(store: Store, message_id: str = "1") -> Item:
    """A message's item, without the commit that added it."""
    (found,) = (each for each in items(store) if each["sk"]["S"] == message_id)
    assert found.pop("commitId")["S"]
    return found


def head(store: Store) -> Item:
    (found,) = (each for each in items(store) if each["sk"]["S"] == "!head")
    return found


def processed(store: Store) -> Item:
    """The item of a processed message, without the commit that added it."""
    with store.unit_of_work() as unit:
        unit.inbox.remember("mailer", "message#1", NOW)
        unit.commit()
    (found,) = items(store, "inbox")
    assert found.pop("commitId")["S"]
    return found


class TestMessages:
    def test_pending_message_has_these_attributes_and_no_others(self, store: Store) -> None:
        outbox_of(store).add(message())

        assert item(store) == PENDING

    def test_message_with_all_its_facts_has_these_besides(self, store: Store) -> None:
        outbox_of(store).add(
            message(
                payload=b"\x00\xff",
                headers={"b": "é", "a": ""},
                aggregate_id="aggregate",
                aggregate_type="Person",
                correlation_id="request",
                causation_id="command",
            )
        )

        assert item(store) == {
            **PENDING,
            "payload": {"S": "AP8="},
            "headers": {"S": '{"a":"","b":"é"}'},
            "aggregateId": {"S": "aggregate"},
            "aggregateType": {"S": "Person"},
            "correlationId": {"S": "request"},
            "causationId": {"S": "command"},
        }

    def test_published_message_is_kept_for_a_week_and_in_no_index(self, store: Store) -> None:
        add(store, "1")
        for hours in (1, 2):
            clock = FakeClock(NOW + timedelta(hours=hours))
            outbox_of(store, clock=clock).mark_as_published(key("1"))

        published = {name: value for name, value in PENDING.items() if name != "outstanding"}
        assert item(store) == {
            **published,
            "isPublished": {"BOOL": True},
            "publishedAt": {"S": "2046-11-20T13:00:00+00:00"},
            "ttl": {"N": str(SECONDS + 3600 + 7 * DAY)},
        }

    def test_published_message_is_kept_for_as_long_as_told(self, store: Store) -> None:
        add(store, "1", "2")
        keep = timedelta(days=1)

        evolve(outbox_of(store), keep=keep).mark_as_published(key("1"))
        acknowledgement = Acknowledgement(lease=take(store), at=NOW, published=keys("2"))
        evolve(queue_of(store), keep=keep).acknowledge(acknowledgement).commit()

        assert [item(store, id_)["ttl"] for id_ in ("1", "2")] == [{"N": str(SECONDS + DAY)}] * 2

    def test_failed_message_has_its_error_and_is_not_removed(self, store: Store) -> None:
        add(store, "1")

        outbox_of(store).increment_retry(key("1"), "no such queue")

        assert item(store) == {
            **PENDING,
            "retryCount": {"N": "1"},
            "lastError": {"S": "no such queue"},
        }

    def test_dead_letter_is_in_the_index_as_dead_and_not_removed(self, store: Store) -> None:
        add(store, "1")

        dead_letter(store, "1")

        assert item(store) == {
            **PENDING,
            "retryCount": {"N": "1"},
            "lastError": {"S": "no such queue"},
            "outstanding": {"S": "dead#0"},
            "deadLetteredAt": {"S": "2046-11-20T12:00:00+00:00"},
        }

    def test_dead_letter_that_is_sent_again_is_pending_as_before(self, store: Store) -> None:
        add(store, "1")
        dead_letter(store, "1")

        outbox_of(store).retry(key("1"))

        assert item(store) == {**PENDING, "lastError": {"S": "no such queue"}}

    def test_index_that_still_shows_a_dead_letter_shows_nobody_a_wrong_one(
        self, store: Store
    ) -> None:
        add(store, "1", "2")
        dead_letter(store, "1")
        store.gateway.call(
            "UpdateItem",
            {
                "TableName": store.table("outbox"),
                "Key": {"pk": {"S": "ada"}, "sk": {"S": "2"}},
                "UpdateExpression": "SET outstanding = :dead",
                "ExpressionAttributeValues": {":dead": {"S": "dead#0"}},
            },
        )

        dead = outbox_of(store).dead_letters(9).value

        assert [each.key.message_id for each in dead] == ["1"]

    def test_messages_of_an_ordering_key_share_a_shard_of_the_index(self, store: Store) -> None:
        store = with_shards(store, 3)
        for ordering_key in ("ada", "bob", "ida"):
            add(store, "1", "2", ordering_key=ordering_key)
        dead_letter(store, "2", ordering_key="bob")
        outbox_of(store).retry(key("2", "bob"))

        found = [each for each in items(store) if each["sk"]["S"] != "!head"]
        shards = {(each["pk"]["S"], each["outstanding"]["S"]) for each in found}
        assert shards == {("ada", "pending#0"), ("bob", "pending#2"), ("ida", "pending#1")}

    def test_message_of_an_event_names_the_commit_of_the_event(self, store: Store) -> None:
        put_new(store, "ada")

        (found,) = items(store)
        (person,) = (each for each in items(store, "people") if each["id"]["S"] == "ada")
        commit_id = person["commits"]["L"][0]["S"]
        assert found["commitId"] == {"S": commit_id}
        assert found["sk"] == {"S": f"000000000001-000-{commit_id}"}


class TestHeads:
    def test_head_of_a_key_that_is_held_has_these_attributes(self, store: Store) -> None:
        take(store)

        assert head(store) == {
            "pk": {"S": "ada"},
            "sk": {"S": "!head"},
            "owner": {"S": "relay"},
            "leaseUntil": {"N": str((SECONDS + 30) * 1000)},
            "writtenAt": {"N": str(SECONDS * 1000)},
            "token": {"N": "1"},
            "ttl": {"N": str(SECONDS + 30 + 7 * DAY)},
        }

    def test_head_of_a_key_that_failed_tells_when_to_go_on(self, store: Store) -> None:
        add(store, "1", "2")
        acknowledgement = Acknowledgement(
            lease=take(store),
            at=NOW,
            published=keys("1"),
            failed=failed("2"),
            next_attempt=LATER + timedelta(milliseconds=250),
        )

        queue_of(store).acknowledge(acknowledgement).commit()

        assert head(store) == {
            "pk": {"S": "ada"},
            "sk": {"S": "!head"},
            "token": {"N": "1"},
            "lastMessageId": {"S": "1"},
            "attempts": {"N": "1"},
            "nextAttempt": {"N": str((SECONDS + 30) * 1000 + 250)},
            "writtenAt": {"N": str(SECONDS * 1000)},
            "ttl": {"N": str(SECONDS + 30 + 7 * DAY)},
        }

    def test_head_of_a_key_that_is_done_forgets_the_failure(self, store: Store) -> None:
        add(store, "1")
        acknowledgement = Acknowledgement(
            lease=take(store), at=NOW, failed=failed("1"), next_attempt=NOW + timedelta(seconds=1)
        )
        queue_of(store).acknowledge(acknowledgement).commit()

        lease = take(store, now=LATER, until=LATER)
        done = Acknowledgement(lease=lease, at=NOW, published=keys("1"))
        queue_of(store).acknowledge(done).commit()

        assert head(store) == {
            "pk": {"S": "ada"},
            "sk": {"S": "!head"},
            "token": {"N": "2"},
            "lastMessageId": {"S": "1"},
            "attempts": {"N": "0"},
            "writtenAt": {"N": str(SECONDS * 1000)},
            "ttl": {"N": str(SECONDS + 7 * DAY)},
        }


class TestProcessedMessages:
    def test_it_has_these_attributes_and_expires_after_a_month(self, store: Store) -> None:
        assert processed(store) == {
            "id": {"S": "mailer#message#1"},
            "consumer": {"S": "mailer"},
            "messageId": {"S": "message#1"},
            "handledAt": {"S": "2046-11-20T12:00:00+00:00"},
            "ttl": {"N": str(SECONDS + 30 * DAY)},
        }

    def test_it_expires_when_told(self, store: Store) -> None:
        store.options = evolve(store.options, inbox=InboxPolicy(messages=timedelta(days=400)))

        assert processed(store)["ttl"] == {"N": str(SECONDS + 400 * DAY)}


class TestTables:
    @pytest.mark.parametrize("logical", ["outbox", "inbox", "failures"])
    def test_items_are_removed_by_their_ttl(self, store: Store, logical: str) -> None:
        name = f"test-{uuid4().hex}"
        schema = TableSchema(SHARED[logical], name)

        DynamoDBTableInitializer(store.gateway, [schema], Capacity()).create_missing()

        assert time_to_live(store.gateway, name) == "ttl"

    def test_stream_shows_what_was_there_and_what_is(self, store: Store) -> None:
        assert stream(store.gateway, store.table("outbox")) == "NEW_AND_OLD_IMAGES"

    def test_both_are_turned_on_for_a_table_that_is_there_when_told_to(self, store: Store) -> None:
        name = f"test-{uuid4().hex}"
        schema = TableSchema(OutboxModel, name)
        plain = {
            part: value
            for part, value in schema.creation(Capacity()).items()
            if part != "StreamSpecification"
        }
        store.gateway.call("CreateTable", plain)
        initializer = DynamoDBTableInitializer(store.gateway, [schema], Capacity())

        initializer.create_missing()
        before = (time_to_live(store.gateway, name), stream(store.gateway, name))
        initializer.create_missing(update_existing=True)

        assert before == (None, None)
        assert time_to_live(store.gateway, name) == "ttl"
        assert stream(store.gateway, name) == "NEW_AND_OLD_IMAGES"


def time_to_live(gateway: Gateway, table: str) -> str | None:
    """The attribute by which items are removed."""
    answer = gateway.call("DescribeTimeToLive", {"TableName": table})
    name: str | None = answer["TimeToLiveDescription"].get("AttributeName")
    return name


def stream(gateway: Gateway, table: str) -> str | None:
    """What the stream of a table shows."""
    description = gateway.call("DescribeTable", {"TableName": table})["Table"]
    view: str | None = description.get("StreamSpecification", {}).get("StreamViewType")
    return view
