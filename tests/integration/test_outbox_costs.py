"""Publishing what is pending costs the same however much was ever published.

The figures are printed: see them with `pytest -s`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from application.ports.outbox import OutboxMessage
from application.relay import Relay
from infrastructure.dynamodb.gateway.batch import MAX_WRITES
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.timestamps import timestamp_text
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.dynamodb.models.outbox import KeyHeadModel
from infrastructure.engines import LocalEngine
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.metering import Usage
from infrastructure.outbox.table import HEAD
from infrastructure.outbox.writer import message_id
from infrastructure.system.clock import SystemClock
from tests.items import message_model
from tests.outboxes import queue_of
from tests.stores import Store, client_of, dynamodb_store
from tests.times import NOW

pytestmark = pytest.mark.engine

PUBLISHED = 2_000
PENDING = 100
WRITERS = 8
EXPIRES = SystemClock().now() + timedelta(days=7)


def message(ordering_key: str, version: int) -> OutboxMessage:
    """The message of an event of an aggregate."""
    return OutboxMessage(
        message_id=message_id(version, 0, "commit"),
        message_type="PersonBanned",
        destination="people",
        ordering_key=ordering_key,
        payload=b'{"person_id": "ada"}',
        created_at=NOW,
    )


def published(ordering_key: str, count: int) -> Iterator[Item]:
    """What relays leave of a key with so many messages: these, and its head."""
    for version in range(1, count + 1):
        model = message_model(message(ordering_key, version), outstanding="", commit_id="commit")
        model.outstanding = None
        model.is_published = True
        model.published_at = timestamp_text(NOW)
        model.ttl = EXPIRES
        yield item_of(model)
    if count:
        last = message_id(count, 0, "commit")
        head = KeyHeadModel(
            ordering_key, HEAD, token=count, attempts=0, last_message_id=last, ttl=EXPIRES
        )
        yield item_of(head)


def store_with(engine: LocalEngine, keys: int, published_before: int) -> Store:
    """A store whose pending messages come after the published ones, in so many keys."""
    store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    names = [f"key-{number:03}" for number in range(keys)]
    write_all(store, [item for key in names for item in published(key, published_before // keys)])
    first = published_before // keys + 1
    for key in names:
        with store.unit_of_work() as unit:
            for version in range(first, first + PENDING // keys):
                unit.outbox.add(message(key, version))
            unit.commit()
    return store


def write_all(store: Store, items: list[Item]) -> None:
    """Past everything that counts, as fast as the engine takes it."""
    client = client_of(store.gateway._client.meta.endpoint_url)
    table = store.table("outbox")

    def write(start: int) -> None:
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + MAX_WRITES]]
        answer = client.batch_write_item(RequestItems={table: puts})
        assert not answer["UnprocessedItems"]

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(0, len(items), MAX_WRITES)))


def measured(store: Store, operation: Callable[[], object]) -> Usage:
    with store.meter.measure() as usage:
        operation()
    return usage


def usages(store: Store) -> dict[str, Usage]:
    """What it takes to find everything that is pending, to publish it, and to find nothing."""
    queue = queue_of(store)
    publisher = MemoryPublisher()
    relay = Relay(queue, {"people": publisher}, SystemClock(), "relay", sleep=time.sleep)
    found = measured(store, lambda: list(queue.pending()))
    worked = measured(store, lambda: relay.work(queue.pending()))
    assert len(publisher.published) == PENDING
    idle = measured(store, lambda: relay.work(queue.pending()))
    assert len(publisher.published) == PENDING
    return {
        f"finding {PENDING} pending": found,
        f"publishing {PENDING} pending": worked,
        "finding none pending": idle,
    }


@pytest.mark.parametrize("keys", [PENDING, 1])
def test_work_costs_the_same_with_and_without_published_messages(
    ministack: LocalEngine, keys: int
) -> None:
    with_many = usages(store_with(ministack, keys, PUBLISHED))
    without = usages(store_with(ministack, keys, 0))
    for name, usage in with_many.items():
        print(  # noqa: T201 the figures are what this is about
            f"\n{name}, {keys} keys: {shown(usage)} beside {PUBLISHED:,} published messages, "
            f"{shown(without[name])} beside none"
        )
    assert with_many == without
    assert with_many[f"finding {PENDING} pending"].requests == 1


def shown(usage: Usage) -> str:
    return f"{usage.requests} requests, {usage.read_units:g} RU, {usage.write_units:g} WU"
