"""The simulation bites: each of these mistakes, made on purpose, breaks the promise it would."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from attrs import evolve

from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.publisher import (
    Accepted,
    Failed,
    NotSent,
    Outcome,
    Publisher,
    Unavailable,
)
from application.ports.relay_queue import Acknowledgement, Busy, KeyLease
from application.ports.transaction import Transaction
from application.relay import Relay
from application.relay_work import Batch
from infrastructure.memory.database import MemoryAction
from infrastructure.memory.tables.outbox import MemoryOutboxTable
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.outbox.table import first_pending
from tests.relay.lives import lives
from tests.relay.relays import LEASE, FlakyPublisher

Plant = Callable[[pytest.MonkeyPatch], None]

SEEDS = 60


def acknowledgements_without_fencing(monkeypatch: pytest.MonkeyPatch) -> None:
    release = MemoryOutboxTable.release

    def wrong(self: MemoryOutboxTable, lease: KeyLease, **more: Any) -> MemoryAction:
        return evolve(release(self, lease, **more), refusal=lambda _: None)

    monkeypatch.setattr(MemoryOutboxTable, "release", wrong)


def leases_that_nobody_respects(monkeypatch: pytest.MonkeyPatch) -> None:
    take = MemoryOutboxTable.take

    def wrong(
        self: MemoryOutboxTable, key: str, owner: str, now: datetime, *more: datetime
    ) -> KeyLease | Busy:
        return take(self, key, owner, now + timedelta(seconds=LEASE), *more)

    monkeypatch.setattr(MemoryOutboxTable, "take", wrong)


def published_whatever_is_left_of_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = Relay._publish

    def wrong(self: Relay, publisher: Publisher, batches: Sequence[Batch]) -> None:
        leases = [batch.lease for batch in batches]
        for batch in batches:
            batch.lease = evolve(batch.lease, until=self.clock.now() + timedelta(seconds=LEASE))
        try:
            publish(self, publisher, batches)
        finally:
            for batch, lease in zip(batches, leases, strict=True):
                batch.lease = lease

    monkeypatch.setattr(Relay, "_publish", wrong)


def going_on_behind_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Batch, error: str, attempts: int) -> None:
        self.messages.popleft()
        self.is_over = not self.messages

    monkeypatch.setattr(Batch, "not_sent", wrong)


def outages_counted_as_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Batch, outage: str) -> None:
        self.not_sent(outage, 1_000)

    monkeypatch.setattr(Batch, "put_off", wrong)


def two_messages_of_a_key_in_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Relay, publisher: Publisher, batches: Sequence[Batch]) -> None:
        for batch in batches:
            two = [message.message for message in islice(batch.messages, 2)]
            for outcome in publisher.publish(two):
                if isinstance(outcome, Accepted):
                    batch.sent()
                elif isinstance(outcome, Failed):
                    batch.not_sent(outcome.reason, self._options.attempts)
                    break
                elif isinstance(outcome, Unavailable):
                    batch.put_off(outcome.reason)
                    break

    monkeypatch.setattr(Relay, "_publish", wrong)


def the_unsent_taken_for_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = FlakyPublisher.publish

    def wrong(self: FlakyPublisher, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        outcomes = publish(self, messages)
        return [Accepted() if isinstance(outcome, NotSent) else outcome for outcome in outcomes]

    monkeypatch.setattr(FlakyPublisher, "publish", wrong)


def only_what_the_index_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(
        self: TableRelayQueue, lease: KeyLease, seen: Collection[str], limit: int
    ) -> list[StoredMessage]:
        keys = [MessageKey(lease.name, message_id) for message_id in sorted(seen)]
        return first_pending(self.table.get_many(keys), limit)

    monkeypatch.setattr(TableRelayQueue, "read", wrong)


def all_that_the_index_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(
        self: TableRelayQueue, lease: KeyLease, seen: Collection[str], limit: int
    ) -> list[StoredMessage]:
        found = self.table.read(lease.name)
        return [m for m in found if m.is_pending or m.key.message_id in seen][:limit]

    monkeypatch.setattr(TableRelayQueue, "read", wrong)


def nothing_below_the_last_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableRelayQueue, "_is_any_pending", lambda *_: False)


def late_messages_of_one_batch_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(self: Batch) -> frozenset[str]:
        return frozenset(message.key.message_id for message in self.messages)

    monkeypatch.setattr(Batch, "left", property(left))


def no_backoff_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    acknowledge = TableRelayQueue.acknowledge

    def wrong(self: TableRelayQueue, acknowledgement: Acknowledgement) -> Transaction:
        return acknowledge(self, evolve(acknowledgement, next_attempt=None))

    monkeypatch.setattr(TableRelayQueue, "acknowledge", wrong)


@pytest.mark.parametrize(
    ("plant", "broken", "lag"),
    [
        (acknowledgements_without_fencing, "in flight", None),
        (leases_that_nobody_respects, "in flight", None),
        (published_whatever_is_left_of_the_lease, "lease too short", None),
        (going_on_behind_a_failure, "out of order", None),
        (outages_counted_as_failures, "counted without", None),
        (two_messages_of_a_key_in_one_request, "out of order", None),
        (two_messages_of_a_key_in_one_request, "repeated", None),
        (the_unsent_taken_for_sent, "lost", None),
        (only_what_the_index_shows, "out of order", 0.8),
        (all_that_the_index_shows, "repeated", 0.8),
        (nothing_below_the_last_message, "pending", None),
        (late_messages_of_one_batch_only, "out of order", None),
        (no_backoff_for_others, "too early", None),
    ],
)
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Plant, broken: str, lag: float | None
) -> None:
    plant(monkeypatch)

    assert any(breaks(seed, broken, lag) for seed in range(SEEDS))


def breaks(seed: int, promise: str, lag: float | None) -> bool:
    return any(failure.startswith(promise) for failure in lives(seed, lag=lag).failures())
