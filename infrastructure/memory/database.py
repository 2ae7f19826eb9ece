"""Tables of records in memory, written by atomic transactions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen
from typing_extensions import override

from application.errors import ItemWrittenTwice, LimitExceeded
from application.ports.transaction import Transaction
from domain.errors import Conflict
from infrastructure.commit.participant import Action
from infrastructure.limits import MAX_ACTIONS, MAX_BYTES
from infrastructure.memory.copying import copy_of

T = TypeVar("T")

Record = Mapping[str, Any]
"""One stored record: plain data."""

_LAST = chr(0x10FFFF)


@frozen
class MemoryAction(Action):
    """Stores `record` under `key`, or removes what is there (None), unless `refusal` objects.

    `refusal` is asked with the present record, and returns the error that refuses the commit.
    `change` makes the record to store out of the present one, which it leaves as it is.
    One that `is_check` writes nothing.
    `size` is the bytes that the item would have on DynamoDB, where they count towards a limit.
    """

    table: str
    key: str
    record: Record | None = None
    refusal: Callable[[Record | None], Conflict | None] = field(default=lambda _: None)
    change: Callable[[Record | None], Record | None] | None = None
    size: int = 0
    is_check: bool = False


@frozen
class MemoryChange:
    """What one commit did to one record: None before its creation and after its removal."""

    key: str
    old: Record | None
    new: Record | None


class MemoryDatabase:
    """Thread-safe; records are copied in and out, so nobody shares state with the store."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._tables: dict[str, dict[str, Record]] = {}
        self._keys: dict[str, list[str]] = {}
        self._index: dict[str, list[tuple[str, str]]] = {}
        self._changes: dict[str, list[MemoryChange]] = {}

    def get(self, table: str, key: str) -> Record | None:
        """A copy of the record as last committed, or None."""
        with self._lock:
            return copy_of(self._tables.get(table, {}).get(key))

    def has(self, table: str, key: str) -> bool:
        """Whether there is such a record."""
        with self._lock:
            return key in self._tables.get(table, {})

    def get_all(self, table: str, keys: Sequence[str]) -> list[Record]:
        """Copies of the records that exist among these, in this order, at one moment."""
        with self._lock:
            return [record for key in keys if (record := self.get(table, key)) is not None]

    def keys(self, table: str) -> list[str]:
        """Every key of the table, in order."""
        with self._lock:
            return list(self._keys.get(table, ()))

    def between(
        self, table: str, after: str, before: str, limit: int, *, backwards: bool = False
    ) -> list[Record]:
        """Copies of the first records whose keys lie between these two, in order of the keys."""
        with self._lock:
            keys = self._keys.get(table, [])
            first, last = bisect_right(keys, after), bisect_left(keys, before)
            return self.get_all(table, _limited(keys, first, last, limit, backwards=backwards))

    def indexed(
        self, table: str, after: str, before: str, limit: int, *, backwards: bool = False
    ) -> list[Record]:
        """The same for the entry `index` that records of some tables have."""
        with self._lock:
            entries = self._index.get(table, [])
            first, last = bisect_right(entries, (after, _LAST)), bisect_left(entries, (before, ""))
            found = _limited(entries, first, last, limit, backwards=backwards)
            return self.get_all(table, [key for _, key in found])

    def select(self, table: str, entry: Callable[[Record], T | None]) -> list[T]:
        """What `entry` makes of each record, in order of their keys, but for None.

        It must share nothing that can change with the record.
        """
        with self._lock:
            records = self._tables.get(table, {})
            made = (entry(records[key]) for key in self._keys.get(table, ()))
            return [each for each in made if each is not None]

    def put_if(
        self, table: str, key: str, record: Record, condition: Callable[[Record | None], bool]
    ) -> bool:
        """Stores one record if the present one meets the condition; whether it did."""
        return self.change_if(table, key, lambda _: record, condition)

    def change_if(
        self,
        table: str,
        key: str,
        change: Callable[[Record | None], Record],
        condition: Callable[[Record | None], bool],
    ) -> bool:
        """The same with a record that is made out of the present one."""
        with self._lock:
            present = self._tables.get(table, {}).get(key)
            if not condition(present):
                return False
            self._write(table, key, copy_of(change(copy_of(present))))
            return True

    def transaction(self, actions: Sequence[Action]) -> MemoryTransaction:
        """Prepares a transaction. Raises `LimitExceeded` and `ItemWrittenTwice`."""
        own = _merged(actions)
        if len(own) > MAX_ACTIONS:
            raise LimitExceeded("actions in one commit", len(own), MAX_ACTIONS, "actions")
        size = sum(action.size for action in own)
        if size > MAX_BYTES:
            raise LimitExceeded("size of one commit", size, MAX_BYTES, "bytes")
        copies = [evolve(action, record=copy_of(action.record)) for action in own]
        return MemoryTransaction(self, tuple(copies))

    def apply(self, actions: Sequence[MemoryAction]) -> None:
        """Writes all, or raises the first refusal and writes nothing."""
        with self._lock:
            for action in actions:
                refused = action.refusal(self._tables.get(action.table, {}).get(action.key))
                if refused is not None:
                    raise refused
            for action in actions:
                if not action.is_check:
                    self._write(action.table, action.key, self._outcome(action))

    def change_count(self, table: str) -> int:
        """How many changes the table has seen."""
        with self._lock:
            return len(self._changes.get(table, ()))

    def changes(self, table: str, after: int, limit: int) -> list[MemoryChange]:
        """Copies of the table's changes in the order of their commits, from the `after`th on."""
        with self._lock:
            return copy_of(self._changes.get(table, [])[after : after + limit])

    def _outcome(self, action: MemoryAction) -> Record | None:
        if action.change is None:
            return action.record
        return copy_of(action.change(self.get(action.table, action.key)))

    def _write(self, table: str, key: str, record: Record | None) -> None:
        records = self._tables.setdefault(table, {})
        change = MemoryChange(key, records.get(key), record)
        keys = self._keys.setdefault(table, [])
        if record is not None:
            if change.old is None:
                insort(keys, key)
            records[key] = record
        elif change.old is not None:
            del keys[bisect_left(keys, key)]
            del records[key]
        self._write_index(table, change)
        if change.old is not None or change.new is not None:
            self._changes.setdefault(table, []).append(change)

    def _write_index(self, table: str, change: MemoryChange) -> None:
        old = None if change.old is None else change.old.get("index")
        new = None if change.new is None else change.new.get("index")
        if old == new:
            return
        entries = self._index.setdefault(table, [])
        if old is not None:
            del entries[bisect_left(entries, (old, change.key))]
        if new is not None:
            insort(entries, (new, change.key))


def _merged(actions: Sequence[Action]) -> tuple[MemoryAction, ...]:
    """The actions, with each check merged into the write of its record."""
    merged: dict[tuple[str, str], MemoryAction] = {}
    for action in actions:
        if not isinstance(action, MemoryAction):
            raise TypeError("a transaction in memory takes actions of memory alone")
        place = action.table, action.key
        present = merged.get(place)
        merged[place] = action if present is None else _merge(present, action)
    return tuple(merged.values())


def _merge(first: MemoryAction, second: MemoryAction) -> MemoryAction:
    if not (first.is_check or second.is_check):
        raise ItemWrittenTwice(first.table, first.key)
    write = first if second.is_check else second
    return evolve(write, refusal=lambda found: first.refusal(found) or second.refusal(found))


def _limited(
    entries: Sequence[T], first: int, last: int, limit: int, *, backwards: bool
) -> Sequence[T]:
    """At most so many entries between two places, without a copy of the others."""
    if backwards:
        return entries[max(first, last - limit) : last][::-1]
    return entries[first : min(last, first + limit)]


@define
class MemoryTransaction(Transaction):
    """A prepared write. Its outcome is always known, and it is applied at most once."""

    _database: MemoryDatabase
    _actions: tuple[MemoryAction, ...]
    _is_applied: bool = False

    @override
    def commit(self) -> None:
        """Writes everything, or raises the `Conflict` of the first action that is refused."""
        if not self._is_applied:
            self._database.apply(self._actions)
            self._is_applied = True
