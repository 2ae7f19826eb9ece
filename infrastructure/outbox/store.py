"""The outbox on either provider, for those who look after its messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from attrs import frozen
from typing_extensions import override

from application.batched import batched
from application.errors import LimitExceeded
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.outbox import (
    KeyNotHeld,
    MessageAlreadyAdded,
    MessageKey,
    MessageNotFound,
    Metered,
    Outbox,
    OutboxMessage,
    OutboxStatistics,
    StoredMessage,
)
from application.ports.transaction import Transaction
from domain.errors import InvalidValue
from infrastructure.commit.participant import Action, TransactionFactory
from infrastructure.limits import MAX_ACTIONS
from infrastructure.metering import Meter
from infrastructure.outbox.table import (
    MessageCheck,
    OutboxTable,
    Queue,
    first_pending,
    key_of,
    key_problem,
    prepare,
    truncated,
)

T = TypeVar("T")


@frozen
class _Adding:
    """The prepared write that adds some messages."""

    messages: Sequence[OutboxMessage]
    transaction: Transaction


@frozen(kw_only=True)
class TableOutbox(Outbox):
    """The outbox over the table of either provider.

    `keep` is how long messages stay that were published.
    """

    table: OutboxTable
    transaction: TransactionFactory
    check: MessageCheck
    clock: Clock
    ids: IdFactory
    meter: Meter
    keep: timedelta = timedelta(days=7)

    @override
    def add(self, message: OutboxMessage) -> Metered[MessageKey]:
        return self._metered(lambda: self._add([message])[0])

    @override
    def add_many(self, messages: Iterable[OutboxMessage]) -> Metered[list[MessageKey]]:
        return self._metered(lambda: self._add(messages))

    @override
    def get(self, key: MessageKey) -> Metered[StoredMessage]:
        return self._metered(lambda: self._get(key))

    @override
    def get_pending(self, ordering_key: str, limit: int) -> Metered[list[StoredMessage]]:
        """See the port. Reads what was published under the key and is kept, too."""
        _check_limit(limit)
        is_valid = key_problem("ordering_key", ordering_key) is None
        return self._metered(
            lambda: first_pending(self.table.read(ordering_key), limit) if is_valid else []
        )

    @override
    def mark_as_published(self, key: MessageKey) -> Metered[None]:
        return self.mark_many_as_published([key])

    @override
    def mark_many_as_published(self, keys: Iterable[MessageKey]) -> Metered[None]:
        now = self.clock.now()
        different = [_validated(key) for key in dict.fromkeys(keys)]
        actions = [self.table.publish(key, now, now + self.keep) for key in different]
        return self._metered(lambda: self._write(actions))

    @override
    def increment_retry(self, key: MessageKey, error: str) -> Metered[None]:
        action = self.table.fail(_validated(key), truncated(error))
        return self._metered(lambda: self._write([action]))

    @override
    def retry(self, key: MessageKey) -> Metered[None]:
        return self._metered(lambda: self._write([self.table.redrive(_validated(key))]))

    @override
    def release(self, ordering_key: str) -> Metered[None]:
        if key_problem("ordering_key", ordering_key) is not None:
            raise KeyNotHeld(ordering_key, is_known=False)
        return self._metered(lambda: self._write([self.table.free(ordering_key)]))

    @override
    def dead_letters(self, limit: int) -> Metered[list[StoredMessage]]:
        _check_limit(limit)

        def read() -> list[StoredMessage]:
            entries = islice(self.table.entries(Queue.DEAD), limit)
            found = self.table.get_many([entry.key for entry in entries])
            return [message for message in found if message.dead_lettered_at is not None]

        return self._metered(read)

    @override
    def cleanup(self, older_than: datetime) -> Metered[int]:
        return self._metered(lambda: self._cleanup(older_than))

    @override
    def statistics(self, *, count_published: bool = False) -> Metered[OutboxStatistics]:
        return self._metered(lambda: self._statistics(count_published=count_published))

    def _add(self, messages: Iterable[OutboxMessage]) -> list[MessageKey]:
        prepared = [prepare(message, self.ids, self.check) for message in messages]
        by_key: dict[MessageKey, OutboxMessage] = {}
        for message in prepared:
            by_key.setdefault(key_of(message), message)
        batches = batched(list(by_key.values()), MAX_ACTIONS)
        # All of them, so that nothing is sent where one message turns out to be too large.
        adding = [each for batch in batches for each in self._fitting(batch)]
        for each in adding:
            self._put(each)
        return [key_of(message) for message in prepared]

    def _fitting(self, messages: Sequence[OutboxMessage]) -> Iterator[_Adding]:
        """Writes that add these, in order: as many as it takes for all their bytes."""
        try:
            adding = self._adding(messages)
        except LimitExceeded:
            if len(messages) == 1:
                raise
        else:
            yield adding
            return
        half = len(messages) // 2
        yield from self._fitting(messages[:half])
        yield from self._fitting(messages[half:])

    def _adding(self, messages: Sequence[OutboxMessage]) -> _Adding:
        commit_id = self.ids.new_id()
        actions = [self.table.put(message, commit_id) for message in messages]
        return _Adding(messages, self.transaction(commit_id, actions))

    def _put(self, adding: _Adding) -> None:
        try:
            adding.transaction.commit()
        except MessageAlreadyAdded:
            there = {m.key for m in self.table.get_many([key_of(m) for m in adding.messages])}
            left = [message for message in adding.messages if key_of(message) not in there]
            if left:
                self._put(self._adding(left))

    def _get(self, key: MessageKey) -> StoredMessage:
        for message in self.table.get_many([_validated(key)]):
            return message
        raise MessageNotFound(key.ordering_key, key.message_id)

    def _write(self, actions: Sequence[Action]) -> None:
        for batch in batched(actions, MAX_ACTIONS):
            self.transaction(self.ids.new_id(), batch).commit()

    def _cleanup(self, older_than: datetime) -> int:
        old = (each.key for each in self.table.published() if each.at < older_than)
        removed = 0
        while batch := list(islice(old, MAX_ACTIONS)):
            self.table.delete(batch)
            removed += len(batch)
        return removed

    def _statistics(self, *, count_published: bool) -> OutboxStatistics:
        pending = list(self.table.entries(Queue.PENDING))
        return OutboxStatistics(
            pending=len(pending),
            dead_lettered=sum(1 for _ in self.table.entries(Queue.DEAD)),
            oldest_pending=min((entry.created_at for entry in pending), default=None),
            attempts=sum(entry.retry_count for entry in pending),
            published=sum(1 for _ in self.table.published()) if count_published else None,
        )

    def _metered(self, operation: Callable[[], T]) -> Metered[T]:
        with self.meter.measure() as usage:
            value = operation()
        return Metered(
            value=value,
            requests=usage.requests,
            read_units=usage.read_units,
            write_units=usage.write_units,
        )


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise InvalidValue("limit", "must be at least 1")


def _validated(key: MessageKey) -> MessageKey:
    """The key itself. Raises `MessageNotFound` for one that no message can have, as a head has."""
    names = {"ordering_key": key.ordering_key, "message_id": key.message_id}
    if any(key_problem(name, text) is not None for name, text in names.items()):
        raise MessageNotFound(key.ordering_key, key.message_id)
    return key
