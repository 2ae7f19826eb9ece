"""What relays work through, on either provider."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import shuffle
from typing import Generic, TypeVar

from attrs import evolve, frozen

from application.ports.ids import IdFactory
from application.ports.outbox import MessageKey, StoredMessage
from application.ports.relay_queue import Busy, KeyLease, Settlement, Waiting
from infrastructure.committing import Begin, Transaction
from infrastructure.outbox import OutboxTable, Outstanding, kept, pending

ActionT = TypeVar("ActionT")


@frozen(kw_only=True)
class StoredRelayQueue(Generic[ActionT]):
    """Implements the port `RelayQueue`. `keep` is how long messages stay that were published."""

    table: OutboxTable[ActionT]
    begin: Begin[ActionT]
    ids: IdFactory
    keep: timedelta = timedelta(days=7)

    def waiting(self) -> Iterator[Waiting]:
        """See the port."""
        for page in self.table.waiting():
            yield from _shuffled(page)

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        """See the port."""
        return self.table.take(ordering_key, owner, now, until, until + self.keep)

    def read(self, lease: KeyLease, seen: Collection[str], limit: int) -> list[StoredMessage]:
        """See the port."""
        after = lease.last_message_id
        if self._is_any_pending([i for i in seen if i <= after], lease.ordering_key):
            # What was seen may not be all of it: only the whole key tells the order.
            return pending(self.table.read(lease.ordering_key), limit)
        # All that follows is pending, but for what was marked by hand.
        return pending(self.table.read(lease.ordering_key, after, limit), limit)

    def settle(self, settlement: Settlement) -> Transaction:
        """See the port."""
        at, failed = settlement.at, settlement.failed
        dead = failed is not None and failed.is_dead
        done = [key.message_id for key in settlement.published]
        actions = [self.table.publish(key, at, at + self.keep) for key in settlement.published]
        if failed is not None:
            actions.append(self.table.fail(failed.key, kept(failed.error), at if dead else None))
            done += [failed.key.message_id] if dead else []
        lease = settlement.lease
        attempts = 0 if done else lease.attempts
        ended = evolve(
            lease,
            last_message_id=max((lease.last_message_id, *done)),
            attempts=attempts if failed is None or dead else attempts + 1,
        )
        expires = (settlement.next_attempt or at) + self.keep
        release = self.table.release(ended, next_attempt=settlement.next_attempt, expires=expires)
        return self.begin(self.ids.new_id(), [release, *actions])

    def _is_any_pending(self, message_ids: Collection[str], ordering_key: str) -> bool:
        # An index that lags shows messages for a while that are published already.
        keys = [MessageKey(ordering_key, message_id) for message_id in message_ids]
        return bool(keys) and any(m.is_pending for m in self.table.get_many(keys))


def _shuffled(entries: Sequence[Outstanding]) -> list[Waiting]:
    """The keys of these in a random order: relays that read the same page begin elsewhere."""
    ordered = sorted(entries, key=lambda entry: entry.key.ordering_key)
    found = [
        Waiting(ordering_key, frozenset(entry.key.message_id for entry in group))
        for ordering_key, group in groupby(ordered, key=lambda entry: entry.key.ordering_key)
    ]
    shuffle(found)
    return found
