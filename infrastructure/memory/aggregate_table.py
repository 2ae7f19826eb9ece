"""State-stored aggregates in memory: one record an aggregate, one a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.aggregates import CLAIM_PREFIX, AggregateType
from infrastructure.committing import Commit
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.repository import Planned
from infrastructure.tracking import Change, Intent, Stored


@frozen
class MemoryAggregateTable:
    """Implements `AggregateTable`."""

    _database: MemoryDatabase
    _type: AggregateType[Any]
    shards: int = 1

    @property
    def name(self) -> str:
        """The logical name: every memory database has its own tables."""
        return self._type.table

    def read(self, aggregate_id: str) -> Stored | None:
        """See `AggregateTable`."""
        record = self._database.get(self.name, aggregate_id)
        return None if record is None else Stored(record)

    def read_many(self, aggregate_ids: Sequence[str]) -> list[Stored]:
        """See `AggregateTable`."""
        return [Stored(r) for r in self._database.get_all(self.name, aggregate_ids)]

    def holder(self, claim_key: str) -> str | None:
        """See `AggregateTable`."""
        record = self._database.get(self.name, claim_key)
        return None if record is None else str(record["owner"])

    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        """See `AggregateTable`."""
        keys = self._database.keys(self.name)
        return [k for k in keys if k > aggregate_id and not k.startswith(CLAIM_PREFIX)][:limit]

    def plan(self, change: Change[Any], commit: Commit) -> Planned[MemoryAction]:
        """See `AggregateTable`."""
        aggregate_id = change.aggregate.id
        actions = [self._write(change)]
        actions += [
            MemoryAction(self.name, key, {"owner": aggregate_id}, _taken(change, key))
            for key in change.taken
        ]
        actions += [
            MemoryAction(self.name, key, None)
            for key in change.freed
            if key not in change.handed_over
        ]
        return Planned(tuple(actions))

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """See `AggregateTable`. Nothing follows."""

    def _write(self, change: Change[Any]) -> MemoryAction:
        removed = change.intent is Intent.REMOVE
        record = None if removed else {**change.state, "version": change.version}
        return MemoryAction(self.name, change.aggregate.id, record, self._moved(change))

    def _moved(self, change: Change[Any]) -> Callable[[Record | None], Conflict | None]:
        def refusal(present: Record | None) -> Conflict | None:
            actual = None if present is None else present["version"]
            if (actual or 0) == change.expected:
                return None
            return ConcurrencyConflict(
                self._type.name, change.aggregate.id, change.expected, actual
            )

        return refusal


def _taken(change: Change[Any], key: str) -> Callable[[Record | None], Conflict | None]:
    unique, value = change.taken[key]
    handed_over = key in change.handed_over
    return lambda present: None if present is None or handed_over else unique.taken(value)
