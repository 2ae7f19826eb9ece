"""Outboxes, and messages for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from application.errors import Throttled
from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.relay_queue import Acknowledgement, FailedMessage, KeyLease
from infrastructure.dynamodb.items import item_size
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.tables import outbox as dynamodb_table
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables import outbox as memory_table
from infrastructure.memory.tables.outbox import HEADS
from infrastructure.outbox import store as outbox_store
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.outbox.store import TableOutbox
from infrastructure.outbox.table import MessageCheck
from infrastructure.system.ids import RandomIds
from infrastructure.unit_of_work import TableUnitOfWork
from tests.items import message_model
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

ADA = "ada"
"""The ordering key of messages that say no other."""

LATER = NOW + timedelta(seconds=30)


def message(message_id: str | None = "1", ordering_key: str = ADA, **more: Any) -> OutboxMessage:
    """A message of `NOW`."""
    facts: dict[str, Any] = {
        "message_type": "PersonRegistered",
        "destination": "people",
        "payload": b'{"person_id":"ada"}',
        "created_at": NOW,
    }
    return OutboxMessage(message_id=message_id, ordering_key=ordering_key, **{**facts, **more})


def messages(*ids: str, ordering_key: str = ADA, **more: Any) -> list[OutboxMessage]:
    """A message under each id."""
    return [message(id_, ordering_key, **more) for id_ in ids]


def message_of(size: int) -> OutboxMessage:
    """The message `1` in an item of so many bytes. Base64 stores three of them as four."""
    least = message(payload=b"", causation_id="")
    item = message_model(least, outstanding="pending#0", commit_id=RandomIds().new_id()).serialize()
    missing = size - item_size(item)
    return evolve(least, payload=b"x" * (missing // 4 * 3), causation_id="x" * (missing % 4))


def numbered(count: int) -> list[str]:
    """So many ids, in order."""
    return [f"{number:04}" for number in range(1, count + 1)]


def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Lets pages and transactions of outboxes hold ten messages, not some hundred; the ten."""
    for module, name in (
        (dynamodb_table, "PAGE"),
        (memory_table, "PAGE"),
        (outbox_store, "MAX_ACTIONS"),
    ):
        monkeypatch.setattr(module, name, 10)
    return 10


def key(message_id: str, ordering_key: str = ADA) -> MessageKey:
    """The key of a message."""
    return MessageKey(ordering_key, message_id)


def keys(*ids: str, ordering_key: str = ADA) -> list[MessageKey]:
    """The key of each of these messages."""
    return [key(id_, ordering_key) for id_ in ids]


def outbox_of(
    store: Store, *, clock: FakeClock | None = None, check: MessageCheck = lambda _: None
) -> TableOutbox:
    """The outbox of a store. By its clock it is `NOW` until the clock is moved."""
    provider: Any = store.provider
    return TableOutbox(
        table=provider.outbox(),
        transaction=provider.transaction,
        check=check,
        clock=clock or FakeClock(NOW),
        ids=store.ids,
        meter=store.meter,
    )


def queue_of(store: Store) -> TableRelayQueue:
    """What the relays of a store work through."""
    provider: Any = store.provider
    return TableRelayQueue(table=provider.outbox(), transaction=provider.transaction, ids=store.ids)


def with_shards(store: Store, shards: int) -> Store:
    """The same store with an index over so many shards, where there is one."""
    if isinstance(store.provider, MemoryProvider):
        return store
    return evolve(store, provider=evolve(store.provider, outbox_shards=shards))


def add(store: Store, *ids: str, ordering_key: str = ADA, **more: Any) -> None:
    """Adds a message under each id."""
    outbox_of(store).add_many(messages(*ids, ordering_key=ordering_key, **more))


def stored(store: Store, message_id: str, ordering_key: str = ADA) -> StoredMessage:
    """A message as it is stored. Raises `MessageNotFound`."""
    return outbox_of(store).get(key(message_id, ordering_key)).value


def pending(store: Store, ordering_key: str = ADA) -> list[OutboxMessage]:
    """The pending messages of an ordering key, in order."""
    found = outbox_of(store).get_pending(ordering_key, 1000).value
    return [each.message for each in found]


def ids_of(found: list[StoredMessage]) -> list[str]:
    """The ids of these messages, in their order."""
    return [each.key.message_id for each in found]


def pending_ids(store: Store, ordering_key: str = ADA) -> list[str]:
    """The ids of the pending messages of an ordering key, in order."""
    return ids_of(outbox_of(store).get_pending(ordering_key, 1000).value)


def take(
    store: Store,
    ordering_key: str = ADA,
    owner: str = "relay",
    now: datetime = NOW,
    until: datetime = LATER,
) -> KeyLease:
    """The lease of a key, which must be free."""
    lease = queue_of(store).take(ordering_key, owner, now, until)
    assert isinstance(lease, KeyLease)
    return lease


def failed(message_id: str, ordering_key: str = ADA, *, is_dead: bool = False) -> FailedMessage:
    """That a message was not published."""
    return FailedMessage(key=key(message_id, ordering_key), error="no such queue", is_dead=is_dead)


def dead_letter(store: Store, *ids: str, ordering_key: str = ADA) -> None:
    """Gives up each of these messages."""
    for id_ in ids:
        failure = failed(id_, ordering_key, is_dead=True)
        given_up = Acknowledgement(lease=take(store, ordering_key), at=NOW, failed=failure)
        queue_of(store).acknowledge(given_up).commit()


class Unsent:
    """A write that finds no capacity, for as long as it is tried."""

    def commit(self) -> None:
        raise Throttled(operation="TransactWriteItems")


@contextmanager
def under_way(store: Store) -> Iterator[TableUnitOfWork]:
    """A unit of work with a commit of one message that is not settled, and rolled back in the end.

    That commit is never sent.
    """
    with store.unit_of_work() as unit:
        unit._transaction = lambda _, actions: Unsent()
        unit.outbox.add(message())
        with pytest.raises(Throttled):
            unit.commit()
        yield unit
        unit.rollback()


def entries(store: Store) -> list[str]:
    """The keys of all messages and heads that are stored, as the store has them, in order."""
    provider = store.provider
    if isinstance(provider, MemoryProvider):
        return sorted(provider.database.keys("outbox") + provider.database.keys(HEADS))
    return sorted(f"{item['pk']['S']} {item['sk']['S']}" for item in items(store))


def items(store: Store, logical: str = "outbox") -> list[dict[str, Any]]:
    """Every item of a table as the engine has it, in order."""
    assert isinstance(store.provider, DynamoDBProvider)
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"TableName": store.table(logical), "ConsistentRead": True}
    while True:
        answer = store.gateway.call("Scan", request)
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return sorted(found, key=str)
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
