"""Tables of records in memory, written by atomic transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from threading import RLock
from typing import Any

from attrs import field, frozen

from application.errors import ItemWrittenTwice, LimitExceeded
from domain.errors import Conflict

Record = Mapping[str, Any]
"""One stored record: plain data."""

LARGEST_TRANSACTION = 100
"""Actions in one transaction: the limit of DynamoDB, kept here so that it is met early."""


@frozen
class MemoryAction:
    """Stores `record` under `key`, or removes what is there (None), unless `refusal` objects.

    `refusal` is asked with the present record, and returns the error that refuses the commit.
    """

    table: str
    key: str
    record: Record | None
    refusal: Callable[[Record | None], Conflict | None] = field(default=lambda _: None)


class MemoryDatabase:
    """Thread-safe; records are copied in and out, so nobody shares state with the store."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._tables: dict[str, dict[str, Record]] = {}

    def get(self, table: str, key: str) -> Record | None:
        """A copy of the record as last committed, or None."""
        with self._lock:
            return deepcopy(self._tables.get(table, {}).get(key))

    def get_all(self, table: str, keys: Sequence[str]) -> list[Record]:
        """Copies of the records that exist among these, in this order, at one moment."""
        with self._lock:
            return [record for key in keys if (record := self.get(table, key)) is not None]

    def keys(self, table: str) -> list[str]:
        """Every key of the table, in order."""
        with self._lock:
            return sorted(self._tables.get(table, {}))

    def begin(self, actions: Sequence[MemoryAction]) -> MemoryTransaction:
        """Prepares a transaction. Raises `LimitExceeded` and `ItemWrittenTwice`."""
        if len(actions) > LARGEST_TRANSACTION:
            raise LimitExceeded(
                "actions in one commit", len(actions), LARGEST_TRANSACTION, "actions"
            )
        seen: set[tuple[str, str]] = set()
        for action in actions:
            if (action.table, action.key) in seen:
                raise ItemWrittenTwice(action.table, action.key)
            seen.add((action.table, action.key))
        return MemoryTransaction(self, tuple(deepcopy(actions)))

    def apply(self, actions: Sequence[MemoryAction]) -> None:
        """Writes all, or raises the first refusal and writes nothing."""
        with self._lock:
            for action in actions:
                refused = action.refusal(self._tables.get(action.table, {}).get(action.key))
                if refused is not None:
                    raise refused
            for action in actions:
                records = self._tables.setdefault(action.table, {})
                if action.record is None:
                    records.pop(action.key, None)
                else:
                    records[action.key] = action.record


@frozen
class MemoryTransaction:
    """A prepared write. Its outcome is always known."""

    _database: MemoryDatabase
    _actions: tuple[MemoryAction, ...]

    def commit(self) -> None:
        """Writes everything, or raises the `Conflict` of the first action that is refused."""
        self._database.apply(self._actions)
