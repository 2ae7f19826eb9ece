"""A message that somebody spoilt in the table: its key is left alone, all else goes on."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from application.ports.outbox import MessageKey, UnreadableMessage
from application.relay import Relay
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.mappers.outbox import message_of_image
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.outbox.relays import became_pending, log
from infrastructure.subscriptions.change_reader import ChangeKind, TableChange
from infrastructure.system.clock import SystemClock
from tests.outboxes import message, outbox_of, queue_of
from tests.stores import Store, dynamodb_store

SPOILT = [
    ("payload", {"S": "no base64!"}),
    ("headers", {"S": "{"}),
    ("createdAt", {"S": "yesterday"}),
    ("retryCount", {"S": "many"}),
    ("isPublished", {"S": "no"}),
]


@pytest.fixture
def store(moto_client: Client) -> Store:
    return dynamodb_store("moto", moto_client)


def spoil(store: Store, attribute: str, value: dict[str, str]) -> dict[str, Any]:
    """Adds a message for Ada and one for Grace, and changes an attribute of Ada's."""
    outbox_of(store).add_many([message("1", "ada"), message("2", "grace")])
    table, key = store.table("outbox"), {"pk": {"S": "ada"}, "sk": {"S": "1"}}
    item: dict[str, Any] = store.gateway.call("GetItem", {"TableName": table, "Key": key})["Item"]
    item = {**item, attribute: value}
    store.gateway.call("PutItem", {"TableName": table, "Item": item})
    return item


@pytest.mark.parametrize(("attribute", "value"), SPOILT)
def test_reading_it_names_it(store: Store, attribute: str, value: dict[str, str]) -> None:
    spoil(store, attribute, value)

    with pytest.raises(UnreadableMessage, match="message 1 of ada is unreadable"):
        outbox_of(store).get(MessageKey("ada", "1"))


def test_a_relay_leaves_its_key_alone_and_tells(store: Store) -> None:
    spoil(store, "payload", {"S": "no base64!"})
    publisher = MemoryPublisher()
    relay = Relay(
        queue_of(store), {"people": publisher}, SystemClock(), "relay", sleep=lambda _: None
    )

    with capture_logs() as logs:
        report = relay.work(queue_of(store).pending())
        log(report)
    again = relay.work(queue_of(store).pending())

    assert [each.ordering_key for each in publisher.published] == ["grace"]
    assert (set(report.lost), report.finished) == ({"ada"}, {"grace"})
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["key left alone"]
    assert (again.busy, again.lost) == (1, {})


def test_one_that_follows_the_stream_passes_it_over(store: Store) -> None:
    item = spoil(store, "payload", {"S": "no base64!"})

    with capture_logs() as logs:
        change = TableChange(ChangeKind.INSERTED, item).decoded(message_of_image)
    found = list(became_pending([change]))

    assert found == []
    assert [each["event"] for each in logs] == ["message passed over"]
