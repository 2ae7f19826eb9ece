"""What a unit of work needs from a provider."""

from __future__ import annotations

from typing import Any, Protocol

from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.repository import AggregateTable
from infrastructure.commit.participant import TransactionFactory
from infrastructure.events.snapshots import SnapshotTable
from infrastructure.events.streams import StreamTable
from infrastructure.outbox.inbox import InboxTable
from infrastructure.outbox.table import OutboxTable
from infrastructure.tagged_events.table import TaggedEventTable


class Provider(Protocol):
    """The tables of one store, and the transactions that write them."""

    def table(self, aggregate_type: AggregateType[Any]) -> AggregateTable:
        """Where this aggregate type is stored."""
        ...

    def events(self) -> StreamTable:
        """Where the streams of events are."""
        ...

    def tagged_events(self) -> TaggedEventTable:
        """Where events that bear tags are, with their guards."""
        ...

    def snapshots(self) -> SnapshotTable:
        """Where snapshots of streams are."""
        ...

    def outbox(self) -> OutboxTable:
        """Where messages are until they are published, and a while longer."""
        ...

    def inbox(self) -> InboxTable:
        """Where it is remembered which messages were processed."""
        ...

    @property
    def transaction(self) -> TransactionFactory:
        """Prepares the transaction of a commit; checks limits, sends nothing.

        Raises `TypeError` for an action of another provider.
        """
        ...
