"""The outbox on either provider: where messages are, and how one looks after them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice
from typing import Generic, Protocol, TypeVar

from attrs import evolve, frozen

from application.errors import LimitExceeded, MessageAlreadyAdded, MessageNotFound
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.outbox import (
    MessageKey,
    Metered,
    OutboxMessage,
    OutboxStatistics,
    StoredMessage,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import InvalidValue
from infrastructure.committing import Begin, Transaction
from infrastructure.keys import can_be_key
from infrastructure.metering import Meter

ActionT = TypeVar("ActionT")
ActionT_co = TypeVar("ActionT_co", covariant=True)
T = TypeVar("T")

HEAD = "!head"
"""The id beside an ordering key's messages under which its head is, before all of them.

Stored: never change it.
"""

PAGE = 200
"""How much is asked for at once where it is not known how much is wanted."""

MOST_MESSAGES = 100
"""How many messages one transaction takes."""

LONGEST_KEY = 1024
"""Bytes of an ordering key or a message id in UTF-8: as keys of an item or an index they fit."""

LONGEST_ERROR = 1000
"""Characters of a publisher's error that are kept."""

Check = Callable[[OutboxMessage], None]
"""Raises for a message that its destination would refuse."""


class Queue(Enum):
    """Where a message is that is not published. The values are stored: never change them."""

    PENDING = "pending"
    DEAD = "dead"


@frozen(kw_only=True)
class Outstanding:
    """What is known of a message in a queue without reading it."""

    key: MessageKey
    created_at: datetime
    retry_count: int


@frozen
class Published:
    """What cleaning up needs to know of a message that was published."""

    key: MessageKey
    at: datetime


class OutboxTable(Protocol[ActionT_co]):
    """Where messages and the heads of their ordering keys are.

    What changes a message is refused with `MessageNotFound` where there is none.
    """

    def put(self, message: OutboxMessage, commit_id: str) -> ActionT_co:
        """Adds a message as pending; refused with `MessageAlreadyAdded`."""
        ...

    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> ActionT_co:
        """Marks it as published, to be removed some time after `expires`. The first time counts."""
        ...

    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> ActionT_co:
        """Counts a failed attempt; with a moment it was the last one."""
        ...

    def revive(self, key: MessageKey) -> ActionT_co:
        """Makes a dead letter pending, as if just added; refused with `NotDeadLettered`."""
        ...

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        """See `RelayQueue.take`. The head is removed some time after `expires`. One request."""
        ...

    def release(
        self, lease: KeyLease, *, next_attempt: datetime | None, expires: datetime
    ) -> ActionT_co:
        """Ends a lease, storing its `last_message_id` and `attempts`.

        Refused with `KeyTakenOver` where it is no longer the owner's.
        """
        ...

    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        """Those that exist, in no particular order (strongly consistent)."""
        ...

    def read(self, ordering_key: str, after: str = "", page: int = PAGE) -> Iterator[StoredMessage]:
        """The messages of an ordering key after an id, in order (strongly consistent), lazily.

        `page` is how many are asked for at once.
        """
        ...

    def outstanding(self, queue: Queue) -> Iterator[Outstanding]:
        """Everything in a queue, in no particular order, lazily. May lag."""
        ...

    def waiting(self) -> Iterator[Sequence[Outstanding]]:
        """Pending messages of every ordering key, at least one each, page by page. May lag.

        A page that is full is not followed by more of its last key: a key with a great many
        pending messages is seen by some of them.
        """
        ...

    def published(self) -> Iterator[Published]:
        """Everything that was published. Reads the whole table, lazily."""
        ...

    def delete(self, keys: Sequence[MessageKey]) -> None:
        """Removes messages."""
        ...


@frozen
class _Adding:
    """The prepared write that adds some messages."""

    messages: Sequence[OutboxMessage]
    transaction: Transaction


@frozen(kw_only=True)
class StoredOutbox(Generic[ActionT]):
    """Implements the port `Outbox`. `keep` is how long messages stay that were published."""

    table: OutboxTable[ActionT]
    begin: Begin[ActionT]
    check: Check
    clock: Clock
    ids: IdFactory
    meter: Meter
    keep: timedelta = timedelta(days=7)

    def add(self, message: OutboxMessage) -> Metered[MessageKey]:
        """See the port."""
        return self._metered(lambda: self._add([message])[0])

    def add_many(self, messages: Iterable[OutboxMessage]) -> Metered[list[MessageKey]]:
        """See the port."""
        return self._metered(lambda: self._add(messages))

    def get(self, key: MessageKey) -> Metered[StoredMessage]:
        """See the port."""
        return self._metered(lambda: self._get(key))

    def get_pending(self, ordering_key: str, limit: int) -> Metered[list[StoredMessage]]:
        """See the port. Reads what was published under the key and is kept, too."""
        check_limit(limit)
        is_possible = _problem("ordering_key", ordering_key) is None
        return self._metered(
            lambda: pending(self.table.read(ordering_key), limit) if is_possible else []
        )

    def mark_as_published(self, key: MessageKey) -> Metered[None]:
        """See the port."""
        return self.mark_many_as_published([key])

    def mark_many_as_published(self, keys: Iterable[MessageKey]) -> Metered[None]:
        """See the port."""
        now = self.clock.now()
        different = [_possible(key) for key in dict.fromkeys(keys)]
        actions = [self.table.publish(key, now, now + self.keep) for key in different]
        return self._metered(lambda: self._write(actions))

    def increment_retry(self, key: MessageKey, error: str) -> Metered[None]:
        """See the port."""
        action = self.table.fail(_possible(key), kept(error))
        return self._metered(lambda: self._write([action]))

    def retry(self, key: MessageKey) -> Metered[None]:
        """See the port."""
        return self._metered(lambda: self._write([self.table.revive(_possible(key))]))

    def dead_letters(self, limit: int) -> Metered[list[StoredMessage]]:
        """See the port."""
        check_limit(limit)

        def read() -> list[StoredMessage]:
            entries = islice(self.table.outstanding(Queue.DEAD), limit)
            found = self.table.get_many([entry.key for entry in entries])
            return [message for message in found if message.dead_lettered_at is not None]

        return self._metered(read)

    def cleanup(self, older_than: datetime) -> Metered[int]:
        """See the port."""
        return self._metered(lambda: self._cleanup(older_than))

    def statistics(self, *, count_published: bool = False) -> Metered[OutboxStatistics]:
        """See the port."""
        return self._metered(lambda: self._statistics(count_published=count_published))

    def _add(self, messages: Iterable[OutboxMessage]) -> list[MessageKey]:
        prepared = [prepare(message, self.ids, self.check) for message in messages]
        by_key: dict[MessageKey, OutboxMessage] = {}
        for message in prepared:
            by_key.setdefault(key_of(message), message)
        batches = _batches(list(by_key.values()))
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
        return _Adding(messages, self.begin(commit_id, actions))

    def _put(self, adding: _Adding) -> None:
        try:
            adding.transaction.commit()
        except MessageAlreadyAdded:
            there = {m.key for m in self.table.get_many([key_of(m) for m in adding.messages])}
            left = [message for message in adding.messages if key_of(message) not in there]
            if left:
                self._put(self._adding(left))

    def _get(self, key: MessageKey) -> StoredMessage:
        for message in self.table.get_many([_possible(key)]):
            return message
        raise MessageNotFound(key.ordering_key, key.message_id)

    def _write(self, actions: Sequence[ActionT]) -> None:
        for batch in _batches(actions):
            self.begin(self.ids.new_id(), batch).commit()

    def _cleanup(self, older_than: datetime) -> int:
        old = (each.key for each in self.table.published() if each.at < older_than)
        removed = 0
        while batch := list(islice(old, MOST_MESSAGES)):
            self.table.delete(batch)
            removed += len(batch)
        return removed

    def _statistics(self, *, count_published: bool) -> OutboxStatistics:
        waiting = list(self.table.outstanding(Queue.PENDING))
        return OutboxStatistics(
            pending=len(waiting),
            dead_lettered=sum(1 for _ in self.table.outstanding(Queue.DEAD)),
            oldest_pending=min((entry.created_at for entry in waiting), default=None),
            attempts=sum(entry.retry_count for entry in waiting),
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


def prepare(message: OutboxMessage, ids: IdFactory, check: Check) -> OutboxMessage:
    """The message as it can be stored: checked, with an id.

    Raises `InvalidValue`, and what its destination's check raises.
    """
    if message.message_id is None:
        message = evolve(message, message_id=ids.new_id())
    _check_key("ordering_key", message.ordering_key)
    _check_key("message_id", message.message_id or "")
    if message.created_at.tzinfo is None:
        raise InvalidValue("created_at", "needs a time zone")
    check(message)
    return message


def key_of(message: OutboxMessage) -> MessageKey:
    """Names a message that has an id."""
    return MessageKey(message.ordering_key, message.message_id or "")


def kept(error: str) -> str:
    """As much of an error as is kept, of characters that can be."""
    return error[:LONGEST_ERROR].encode("utf-8", "replace").decode()


def pending(messages: Iterable[StoredMessage], limit: int) -> list[StoredMessage]:
    """The first of these that are pending."""
    return list(islice((message for message in messages if message.is_pending), limit))


def check_limit(limit: int) -> None:
    """Raises `InvalidValue` for a limit below 1."""
    if limit < 1:
        raise InvalidValue("limit", "must be at least 1")


def _check_key(name: str, text: str) -> None:
    problem = _problem(name, text)
    if problem is not None:
        raise InvalidValue(name, problem)


def _problem(name: str, text: str) -> str | None:
    if not can_be_key(text, LONGEST_KEY):
        return f"must be 1 to {LONGEST_KEY} printable bytes"
    if name == "message_id" and text[0] <= HEAD[0]:
        return f"must not begin with {text[0]!r}"
    return None


def _possible(key: MessageKey) -> MessageKey:
    """The key itself. Raises `MessageNotFound` for one that no message can have, as a head has."""
    names = {"ordering_key": key.ordering_key, "message_id": key.message_id}
    if any(_problem(name, text) is not None for name, text in names.items()):
        raise MessageNotFound(key.ordering_key, key.message_id)
    return key


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), MOST_MESSAGES):
        yield list(items[start : start + MOST_MESSAGES])
