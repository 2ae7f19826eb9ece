"""What relays work through, on either provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import shuffle

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.ids import IdFactory
from application.ports.outbox import MessageKey, StoredMessage
from application.ports.relay_queue import Acknowledgement, Busy, KeyLease, PendingKey, RelayQueue
from application.ports.transaction import Transaction
from infrastructure.commit.participant import TransactionFactory
from infrastructure.outbox.table import OutboxTable, QueueEntry, first_pending, truncated

OnPending = Callable[[int, datetime | None], object]
"""Is told how many messages were seen to be pending, and since when the oldest of them is."""


@frozen(kw_only=True)
class TableRelayQueue(RelayQueue):
    """The relays' queue over the table of either provider.

    `keep` is how long messages stay that were published. `on_pending` is told what each pass over
    the pending messages saw; of one that ends early, as much as it saw.
    """

    table: OutboxTable
    transaction: TransactionFactory
    ids: IdFactory
    keep: timedelta = timedelta(days=7)
    on_pending: OnPending = lambda *_: None

    @override
    def pending(self) -> Iterator[PendingKey]:
        count, oldest = 0, None
        try:
            for page in self.table.pending_pages():
                count += len(page)
                first = min((entry.created_at for entry in page), default=oldest)
                oldest = first if oldest is None or first is None else min(oldest, first)
                yield from _shuffled(page)
        except GeneratorExit:
            self.on_pending(count, oldest)
            raise
        self.on_pending(count, oldest)

    @override
    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        return self.table.take(ordering_key, owner, now, until, until + self.keep)

    @override
    def read(self, lease: KeyLease, seen: Collection[str], limit: int) -> list[StoredMessage]:
        after = lease.last_message_id
        if self._is_any_pending([i for i in seen if i <= after], lease.name):
            # What was seen may not be all of it: only the whole key tells the order.
            return first_pending(self.table.read(lease.name), limit)
        # All that follows is pending, but for what was marked by hand.
        return first_pending(self.table.read(lease.name, after, limit), limit)

    @override
    def acknowledge(self, acknowledgement: Acknowledgement) -> Transaction:
        at, failed = acknowledgement.at, acknowledgement.failed
        dead = failed is not None and failed.is_dead
        done = [key.message_id for key in acknowledgement.published]
        actions = [self.table.publish(key, at, at + self.keep) for key in acknowledgement.published]
        if failed is not None:
            actions.append(
                self.table.fail(failed.key, truncated(failed.error), at if dead else None)
            )
            done += [failed.key.message_id] if dead else []
        lease = acknowledgement.lease
        attempts = 0 if done else lease.attempts
        ended = evolve(
            lease,
            last_message_id=max((lease.last_message_id, *done)),
            attempts=attempts if failed is None or dead else attempts + 1,
        )
        expires = (acknowledgement.next_attempt or at) + self.keep
        release = self.table.release(
            ended, at=at, next_attempt=acknowledgement.next_attempt, expires=expires
        )
        return self.transaction(self.ids.new_id(), [release, *actions])

    def _is_any_pending(self, message_ids: Collection[str], ordering_key: str) -> bool:
        # An index that lags shows messages for a while that are published already.
        keys = [MessageKey(ordering_key, message_id) for message_id in message_ids]
        return bool(keys) and any(m.is_pending for m in self.table.get_many(keys))


def _shuffled(entries: Sequence[QueueEntry]) -> list[PendingKey]:
    """The keys of these in a random order: relays that read the same page begin elsewhere."""
    ordered = sorted(entries, key=lambda entry: entry.key.ordering_key)
    found = [
        PendingKey(ordering_key, frozenset(entry.key.message_id for entry in group))
        for ordering_key, group in groupby(ordered, key=lambda entry: entry.key.ordering_key)
    ]
    shuffle(found)
    return found
