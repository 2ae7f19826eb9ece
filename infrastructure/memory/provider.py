"""The memory provider as a unit of work sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from infrastructure.aggregates import AggregateType
from infrastructure.memory.aggregate_table import MemoryAggregateTable
from infrastructure.memory.database import MemoryAction, MemoryDatabase, MemoryTransaction
from infrastructure.memory.event_table import MemoryEventTable, MemorySnapshotTable
from infrastructure.memory.inbox_table import MemoryInboxTable
from infrastructure.memory.outbox_table import MemoryOutboxTable


@frozen
class MemoryProvider:
    """Implements `Provider` over one database."""

    database: MemoryDatabase = field(factory=MemoryDatabase)

    def table(self, aggregate_type: AggregateType[Any]) -> MemoryAggregateTable:
        """See `Provider`."""
        return MemoryAggregateTable(self.database, aggregate_type)

    def events(self) -> MemoryEventTable:
        """See `Provider`."""
        return MemoryEventTable(self.database)

    def snapshots(self) -> MemorySnapshotTable:
        """See `Provider`."""
        return MemorySnapshotTable(self.database)

    def outbox(self) -> MemoryOutboxTable:
        """See `Provider`."""
        return MemoryOutboxTable(self.database)

    def inbox(self) -> MemoryInboxTable:
        """See `Provider`."""
        return MemoryInboxTable(self.database)

    def begin(self, commit_id: str, actions: Sequence[MemoryAction]) -> MemoryTransaction:
        """See `Provider`. The commit id is not needed: the outcome is always known."""
        return self.database.begin(actions)
