"""The memory provider as a unit of work sees it."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from typing_extensions import override

from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.commit.participant import TransactionFactory
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.tables.aggregates import MemoryAggregateTable
from infrastructure.memory.tables.events import MemoryEventTable, MemorySnapshotTable
from infrastructure.memory.tables.inbox import MemoryInboxTable
from infrastructure.memory.tables.outbox import MemoryOutboxTable
from infrastructure.memory.tables.tagged_events import MemoryTaggedEventTable
from infrastructure.provider import Provider


@frozen
class MemoryProvider(Provider):
    """The tables of one database in memory. See `DynamoDBProvider` for `packed_events`."""

    database: MemoryDatabase = field(factory=MemoryDatabase)
    packed_events: bool = False

    @override
    def table(self, aggregate_type: AggregateType[Any]) -> MemoryAggregateTable:
        return MemoryAggregateTable(self.database, aggregate_type)

    @override
    def events(self) -> MemoryEventTable:
        return MemoryEventTable(self.database, self.packed_events)

    @override
    def tagged_events(self) -> MemoryTaggedEventTable:
        return MemoryTaggedEventTable(self.database)

    @override
    def snapshots(self) -> MemorySnapshotTable:
        return MemorySnapshotTable(self.database)

    @override
    def outbox(self) -> MemoryOutboxTable:
        return MemoryOutboxTable(self.database)

    @override
    def inbox(self) -> MemoryInboxTable:
        return MemoryInboxTable(self.database)

    @property
    @override
    def transaction(self) -> TransactionFactory:
        """See `Provider`. The commit id is not needed: the outcome is always known."""
        return lambda _, actions: self.database.transaction(actions)
