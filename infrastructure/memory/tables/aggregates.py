"""State-stored aggregates in memory: one record an aggregate, one a claim."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from attrs import frozen
from typing_extensions import override

from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.aggregates.aggregate_type import CLAIM_PREFIX, AggregateType
from infrastructure.aggregates.changes import AggregateChange, Intent, Plan, Stored
from infrastructure.aggregates.repository import AggregateTable, ScannedPage
from infrastructure.commit.participant import Commit
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record


@frozen
class MemoryAggregateTable(AggregateTable):
    """One record an aggregate, one a claim."""

    _database: MemoryDatabase
    _type: AggregateType[Any]

    @property
    @override
    def shards(self) -> int:
        """One: there is no partition to be spared."""
        return 1

    @property
    @override
    def name(self) -> str:
        """The logical name: every memory database has its own tables."""
        return self._type.table

    @override
    def read(self, aggregate_id: str) -> Stored | None:
        record = self._database.get(self.name, aggregate_id)
        return None if record is None else _stored(record)

    @override
    def read_many(self, aggregate_ids: Sequence[str]) -> list[Stored]:
        return [_stored(record) for record in self._database.get_all(self.name, aggregate_ids)]

    @override
    def holder(self, claim_key: str) -> str | None:
        record = self._database.get(self.name, claim_key)
        return None if record is None else str(record["owner"])

    @override
    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        keys = self._database.keys(self.name)
        return [k for k in keys if k > aggregate_id and not k.startswith(CLAIM_PREFIX)][:limit]

    @override
    def ids_by(self, field: str, value: str, after: str, limit: int) -> list[str]:
        """See `AggregateTable`. Never lags behind; looks at all that come after."""
        ids = (
            i for i in self.ids_after(after, sys.maxsize, self.shards) if self._has(i, field, value)
        )
        return list(islice(ids, limit))

    @override
    def scan(self, after: str | None) -> ScannedPage:
        """See `AggregateTable`. Everything at once, in the order of the ids."""
        ids = self.ids_after(after or "", sys.maxsize, self.shards)
        return ScannedPage(tuple(self.read_many(ids)), None)

    @override
    def plan(self, change: AggregateChange[Any], commit: Commit) -> Plan:
        aggregate_id = change.aggregate.id
        actions = [self._write(change)]
        actions += [
            MemoryAction(self.name, key, {"owner": aggregate_id}, _taken(change, key))
            for key in change.taken
        ]
        actions += [
            MemoryAction(self.name, key, None) for key in sorted(change.freed - change.handed_over)
        ]
        return Plan(tuple(actions), Stored(change.state, change.claims))

    @override
    def check(self, stored: Stored) -> MemoryAction:
        aggregate_id, version = stored.state["id"], stored.state["version"]
        refusal = self._moved(aggregate_id, version)
        return MemoryAction(self.name, aggregate_id, refusal=refusal, is_check=True)

    def _has(self, aggregate_id: str, field: str, value: str) -> bool:
        stored = self.read(aggregate_id)
        return stored is not None and stored.state[field] == value

    def _write(self, change: AggregateChange[Any]) -> MemoryAction:
        removed = change.intent is Intent.REMOVE
        record = None if removed else {"state": change.state, "claims": change.claims}
        refusal = self._moved(change.aggregate.id, change.expected)
        return MemoryAction(self.name, change.aggregate.id, record, refusal)

    def _moved(
        self, aggregate_id: str, expected: int
    ) -> Callable[[Record | None], Conflict | None]:
        def refusal(present: Record | None) -> Conflict | None:
            actual = None if present is None else present["state"]["version"]
            if (actual or 0) == expected:
                return None
            return ConcurrencyConflict(self._type.name, aggregate_id, expected, actual)

        return refusal


def _stored(record: Record) -> Stored:
    return Stored(record["state"], record["claims"])


def _taken(change: AggregateChange[Any], key: str) -> Callable[[Record | None], Conflict | None]:
    unique, value = change.taken[key]
    handed_over = key in change.handed_over
    return lambda present: None if present is None or handed_over else unique.taken(value)
