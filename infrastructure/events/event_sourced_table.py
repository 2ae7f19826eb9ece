"""Event-sourced aggregates over streams: loaded from snapshot and tail, stored as new events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import structlog
from attrs import frozen
from typing_extensions import override

from application.errors import UnreadableEvent
from application.ports.event_store import StoredEvent
from domain.consistency import StreamId
from domain.event_sourced import EventSourced
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.changes import AggregateChange, Plan, Stored, TrackedTable
from infrastructure.aggregates.tracker import Tracker
from infrastructure.commit.participant import Action, Commit
from infrastructure.events.registry import EventEncoder, EventRegistry
from infrastructure.events.snapshots import Snapshots, SnapshotTable
from infrastructure.events.streams import StreamTable, raw_of

A = TypeVar("A", bound=EventSourced)

logger = structlog.get_logger(__name__)


@frozen
class SnapshotPolicy:
    """A snapshot after every so many events (0: never), of this schema version.

    A snapshot of another schema version is passed over, so raise it with every change of the
    aggregate's attributes.
    """

    every: int = 100
    schema_version: int = 1

    def is_due(self, version: int, snapshot_version: int) -> bool:
        """Whether to take one at this version, given the version of the last one."""
        return self.every > 0 and version // self.every > snapshot_version // self.every


@frozen(kw_only=True)
class StoredStream(Stored):
    """An aggregate as its stream makes it, and the version of the stream's last snapshot."""

    snapshot_version: int


@frozen(kw_only=True)
class EventSourcedTable(TrackedTable, Generic[A]):
    """The table of one event-sourced type, as a tracker sees it."""

    aggregate_type: AggregateType[A]
    events: StreamTable
    snapshots: SnapshotTable
    registry: EventRegistry
    encoder: EventEncoder
    policy: SnapshotPolicy

    @override
    def read(self, aggregate_id: str) -> Stored | None:
        """See `TrackedTable`. Two requests, one where snapshots are off; more for long tails.

        Raises what `EventRegistry.decode` raises.
        """
        stream = self.stream(aggregate_id)
        aggregate = self._snapshots().restore(stream) if self.policy.every else None
        if aggregate is not None:
            snapshot_version = aggregate.version
            # The event that it ends with is read too: a snapshot of a stream that has fewer
            # events, say after a restore, would lead to a gap.
            last, *tail = self.events.read(stream, first=snapshot_version).events or (None,)
            if last is not None and last.version == snapshot_version:
                return self._replayed(aggregate, tail, snapshot_version)
            logger.warning("snapshot beyond its stream passed over", stream=str(stream))
        beginning = self.aggregate_type.cls(id=stream.id)
        return self._replayed(beginning, self.events.read(stream).events, 0)

    @override
    def holder(self, claim_key: str) -> str | None:
        """Nobody: event-sourced types have no unique values."""
        return None

    @override
    def plan(self, change: AggregateChange[Any], commit: Commit) -> Plan:
        stream = self.stream(change.aggregate.id)
        events = self.encoder.encode(stream, change.events, change.expected, commit)
        taken = change.stored.snapshot_version if isinstance(change.stored, StoredStream) else 0
        if self.policy.is_due(change.version, taken):
            taken = change.version
        stored = StoredStream(state=change.state, snapshot_version=taken)
        return Plan(self.events.append(events), stored)

    @override
    def check(self, stored: Stored) -> Action:
        return self.events.check(self.stream(stored.state["id"]), stored.state["version"])

    def take_snapshot(self, stored: StoredStream) -> None:
        """Stores a snapshot. One that fails is told and taken another time."""
        self._snapshots().take(self.stream(stored.state["id"]), stored.state)

    def stream(self, aggregate_id: str) -> StreamId:
        """The events of an aggregate."""
        return StreamId(self.aggregate_type.name, aggregate_id)

    def _snapshots(self) -> Snapshots[A]:
        return Snapshots(self.aggregate_type, self.snapshots, self.policy.schema_version)

    def _replayed(
        self, aggregate: A, events: Iterable[StoredEvent], snapshot_version: int
    ) -> Stored | None:
        for stored in events:
            if stored.version != aggregate.version + 1:
                missing = f"event {aggregate.version + 1} before it is missing"
                raise UnreadableEvent(stored.name, stored.type, missing)
            aggregate.replay([self.registry.decode(raw_of(stored), stored.name)])
        if aggregate.version == 0:
            return None
        state = self.aggregate_type.to_state(aggregate)
        return StoredStream(state=state, snapshot_version=snapshot_version)


class EventSourcedTracker(Tracker[A]):
    """A tracker that takes the snapshots that are due, once its commit has happened."""

    def __init__(self, table: EventSourcedTable[A], check_open: Callable[[], None]) -> None:
        super().__init__(table.aggregate_type, table, check_open)
        self._events = table

    @override
    def committed(self) -> None:
        super().committed()
        for plan in self._plans:
            stored = plan.stored
            if (
                isinstance(stored, StoredStream)
                and stored.snapshot_version == stored.state["version"]
            ):
                self._events.take_snapshot(stored)
