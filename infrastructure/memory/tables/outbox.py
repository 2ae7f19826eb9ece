"""The outbox in memory: one record a message, one a head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.leases import MAX_CLOCK_DIFFERENCE, LeaseLost
from application.ports.outbox import (
    KeyNotHeld,
    MessageAlreadyAdded,
    MessageKey,
    MessageNotFound,
    NotDeadLettered,
    OutboxMessage,
    StoredMessage,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import Conflict
from infrastructure.limits import NEW_ITEM_CONDITION, check_record
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.outbox.table import (
    OUTBOX,
    PAGE,
    OutboxTable,
    Published,
    Queue,
    QueueEntry,
    record_of,
)

HEADS = "outbox-heads"

# Neither can be part of an ordering key or an id: these are printable.
_SEPARATOR = "\x00"
_BEHIND = "\x01"


@frozen(kw_only=True)
class _Head:
    lease: KeyLease
    written_at: datetime
    is_held: bool = True
    next_attempt: datetime | None = None


@frozen
class MemoryOutboxTable(OutboxTable):
    """One record a message, one a head. Never lags; refuses a message that no item could hold."""

    _database: MemoryDatabase

    @override
    def put(self, message: OutboxMessage, commit_id: str) -> MemoryAction:
        record = record_of(message, commit_id)
        size = check_record(OUTBOX, ("pk", "sk"), record)
        stored = StoredMessage(message=message)
        added = MessageAlreadyAdded(stored.key.ordering_key, stored.key.message_id)
        return MemoryAction(
            OUTBOX,
            _key(stored.key),
            {"message": stored},
            lambda present: None if present is None else added,
            size=size + NEW_ITEM_CONDITION,
        )

    @override
    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> MemoryAction:
        """See `OutboxTable`. Nothing expires here."""
        return _changing(
            key, lambda m: evolve(m, published_at=m.published_at or at, dead_lettered_at=None)
        )

    @override
    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> MemoryAction:
        return _changing(
            key,
            lambda m: evolve(
                m,
                retry_count=m.retry_count + 1,
                last_error=error,
                dead_lettered_at=dead_at or m.dead_lettered_at,
            ),
        )

    @override
    def redrive(self, key: MessageKey) -> MemoryAction:
        refused = NotDeadLettered(key.ordering_key, key.message_id)
        return _changing(
            key,
            lambda m: evolve(m, retry_count=0, dead_lettered_at=None),
            lambda m: None if m.dead_lettered_at and not m.published_at else refused,
        )

    @override
    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        granted: list[KeyLease] = []

        def is_free(present: Record | None) -> bool:
            return present is None or _busy(present["head"], owner, now, until) is None

        def grant(present: Record | None) -> Record:
            new = KeyLease(name=ordering_key, owner=owner, token=0, until=until)
            before: KeyLease = new if present is None else present["head"].lease
            lease = evolve(before, owner=owner, token=before.token + 1, until=until)
            granted.append(lease)
            return {"head": _Head(lease=lease, written_at=now)}

        if self._database.change_if(HEADS, ordering_key, grant, is_free):
            return granted[0]
        present = self._database.get(HEADS, ordering_key)
        if present is None:
            return Busy(now)
        head: _Head = present["head"]
        if head.is_held and (head.lease.owner, head.lease.until) == (owner, until):
            return head.lease
        return _busy(head, owner, now, until) or Busy(now)

    @override
    def release(
        self, lease: KeyLease, *, at: datetime, next_attempt: datetime | None, expires: datetime
    ) -> MemoryAction:
        refused = LeaseLost(lease.name, lease.owner)

        def is_lost(present: Record | None) -> Conflict | None:
            head = None if present is None else present["head"]
            is_ours = head is not None and head.is_held and head.lease.token == lease.token
            return None if is_ours else refused

        released = _Head(lease=lease, written_at=at, is_held=False, next_attempt=next_attempt)
        return MemoryAction(HEADS, lease.name, {"head": released}, is_lost)

    @override
    def free(self, ordering_key: str) -> MemoryAction:
        def refused(present: Record | None) -> Conflict | None:
            head: _Head | None = None if present is None else present["head"]
            is_held = head is not None and (head.is_held or head.next_attempt is not None)
            return None if is_held else KeyNotHeld(ordering_key, head is not None)

        def freed(present: Record | None) -> Record:
            head: _Head = (present or {})["head"]
            lease = evolve(head.lease, token=head.lease.token + 1)
            return {"head": evolve(head, lease=lease, is_held=False, next_attempt=None)}

        return MemoryAction(HEADS, ordering_key, refusal=refused, change=freed)

    @override
    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        found = self._database.get_all(OUTBOX, [_key(key) for key in dict.fromkeys(keys)])
        return [message_of(record) for record in found]

    @override
    def read(
        self, ordering_key: str, after: str = "", page: int | None = None
    ) -> Iterator[StoredMessage]:
        end = ordering_key + _BEHIND
        while records := self._database.between(
            OUTBOX, ordering_key + _SEPARATOR + after, end, page or PAGE
        ):
            for record in records:
                message = message_of(record)
                yield message
                after = message.key.message_id

    @override
    def entries(self, queue: Queue) -> Iterator[QueueEntry]:
        is_wanted = _is_pending if queue is Queue.PENDING else _is_dead

        def entry(record: Record) -> QueueEntry | None:
            message = message_of(record)
            if not is_wanted(message):
                return None
            return QueueEntry(
                key=message.key,
                created_at=message.message.created_at,
                retry_count=message.retry_count,
            )

        yield from self._database.select(OUTBOX, entry)

    @override
    def pending_pages(self) -> Iterator[Sequence[QueueEntry]]:
        entries = list(self.entries(Queue.PENDING))
        if entries:
            yield entries

    @override
    def published(self) -> Iterator[Published]:
        def entry(record: Record) -> Published | None:
            message = message_of(record)
            at = message.published_at
            return None if at is None else Published(message.key, at)

        yield from self._database.select(OUTBOX, entry)

    @override
    def delete(self, keys: Sequence[MessageKey]) -> None:
        self._database.apply([MemoryAction(OUTBOX, _key(key), None) for key in keys])


def message_of(record: Record) -> StoredMessage:
    """The message in a record of the outbox."""
    message: StoredMessage = record["message"]
    return message


def _changing(
    key: MessageKey,
    change: Callable[[StoredMessage], StoredMessage],
    refusal: Callable[[StoredMessage], Conflict | None] = lambda _: None,
) -> MemoryAction:
    def refused(present: Record | None) -> Conflict | None:
        if present is None:
            return MessageNotFound(key.ordering_key, key.message_id)
        return refusal(message_of(present))

    def changed(present: Record | None) -> Record:
        return {"message": change(message_of(present or {}))}

    return MemoryAction(OUTBOX, _key(key), refusal=refused, change=changed)


def _busy(head: _Head, owner: str, now: datetime, until: datetime) -> Busy | None:
    """Why the key cannot be had by this owner until then, if it cannot."""
    if head.written_at > now + MAX_CLOCK_DIFFERENCE:
        return None
    if head.next_attempt is not None and head.next_attempt > now:
        return Busy(head.next_attempt)
    is_longer = head.lease.owner == owner and head.lease.until < until
    if head.is_held and head.lease.until > now and not is_longer:
        return Busy(head.lease.until, is_held=True)
    return None


def _key(key: MessageKey) -> str:
    return f"{key.ordering_key}{_SEPARATOR}{key.message_id}"


def _is_pending(message: StoredMessage) -> bool:
    return message.is_pending


def _is_dead(message: StoredMessage) -> bool:
    return message.dead_lettered_at is not None
