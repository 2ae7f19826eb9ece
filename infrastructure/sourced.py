"""Event-sourced aggregates over streams: loaded from snapshot and tail, stored as new events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import orjson
import structlog
from attrs import field, frozen

from application.errors import StorageError, UnreadableEvent, UnreadableState
from domain.consistency import StreamId
from domain.event_sourced import EventSourced
from infrastructure.aggregates import AggregateType
from infrastructure.appending import Recorder
from infrastructure.committing import Commit
from infrastructure.event_registry import EventRegistry
from infrastructure.repository import Planned
from infrastructure.streams import EventRecord, Snapshot, SnapshotTable, StreamTable
from infrastructure.tracking import Change, Stored

A = TypeVar("A", bound=EventSourced)
ActionT = TypeVar("ActionT")

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
class SourcedTable(Generic[A, ActionT]):
    """Implements `TrackedTable` for one event-sourced type."""

    aggregate_type: AggregateType[A]
    events: StreamTable[ActionT]
    snapshots: SnapshotTable
    registry: EventRegistry
    recorder: Recorder
    policy: SnapshotPolicy = field(factory=SnapshotPolicy)

    def read(self, aggregate_id: str) -> Stored | None:
        """See `TrackedTable`. Two requests, one where snapshots are off; more for long tails.

        Raises what `EventRegistry.decode` raises.
        """
        stream = self._stream(aggregate_id)
        aggregate = self._from_snapshot(stream)
        if aggregate is not None:
            snapshot_version = aggregate.version
            # The event that it ends with is read too: a snapshot of a stream that has fewer
            # events, say after a restore, would lead to a gap.
            last, *tail = self.events.read(stream, first=snapshot_version).records or (None,)
            if last is not None and last.version == snapshot_version:
                return self._replayed(aggregate, tail, snapshot_version)
            logger.warning("snapshot beyond its stream passed over", stream=str(stream))
        beginning = self.aggregate_type.cls(id=stream.id)
        return self._replayed(beginning, self.events.read(stream).records, 0)

    def plan(self, change: Change[Any], commit: Commit) -> Planned[ActionT]:
        """See `TrackedTable`. The note is the version of the last snapshot."""
        stream = self._stream(change.aggregate.id)
        records = self.recorder.records(stream, change.events, change.expected, commit)
        taken = self._snapshot_version(change)
        if self.policy.is_due(change.version, taken):
            taken = change.version
        return Planned(self.events.append(records), taken)

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """Stores the snapshots that are due. One that fails is told and taken another time."""
        for change in changes:
            if self.policy.is_due(change.version, self._snapshot_version(change)):
                self._take_snapshot(change)

    def _take_snapshot(self, change: Change[Any]) -> None:
        stream = self._stream(change.aggregate.id)
        try:
            snapshot = Snapshot(
                stream=stream,
                version=change.version,
                schema_version=self.policy.schema_version,
                state=orjson.dumps({**change.state, "version": change.version}),
            )
            self.snapshots.write(snapshot)
        except (StorageError, TypeError) as error:
            logger.warning("snapshot not stored", stream=str(stream), reason=str(error))

    def _from_snapshot(self, stream: StreamId) -> A | None:
        """The aggregate as its snapshot has it, where there is one that can be read."""
        if self.policy.every == 0:
            return None
        try:
            snapshot = self.snapshots.read(stream)
            if snapshot is None:
                return None
            if snapshot.schema_version != self.policy.schema_version:
                logger.info("snapshot of another schema passed over", stream=str(stream))
                return None
            return self._restored(stream, snapshot)
        except (StorageError, UnreadableState, ValueError) as error:
            logger.warning("snapshot passed over", stream=str(stream), reason=str(error))
            return None

    def _restored(self, stream: StreamId, snapshot: Snapshot) -> A:
        state = orjson.loads(snapshot.state)
        told = (state.get("id"), state.get("version")) if isinstance(state, dict) else None
        if told != (stream.id, snapshot.version) or snapshot.version < 1:
            raise UnreadableState(stream.type, stream.id, "not the state of its version")
        return self.aggregate_type.from_state(state)

    def _replayed(
        self, aggregate: A, records: Iterable[EventRecord], snapshot_version: int
    ) -> Stored | None:
        for record in records:
            if record.version != aggregate.version + 1:
                missing = f"event {aggregate.version + 1} before it is missing"
                type_, stream = record.encoded.type, str(record.stream)
                raise UnreadableEvent(stream, record.version, type_, missing)
            event = self.registry.decode(
                record.encoded, stream=str(record.stream), version=record.version
            )
            aggregate.replay([event])
        if aggregate.version == 0:
            return None
        return Stored(self.aggregate_type.to_state(aggregate), snapshot_version)

    def _stream(self, aggregate_id: str) -> StreamId:
        return StreamId(self.aggregate_type.name, aggregate_id)

    @staticmethod
    def _snapshot_version(change: Change[Any]) -> int:
        note = None if change.stored is None else change.stored.note
        return note or 0
