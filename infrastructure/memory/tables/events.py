"""Streams of events, and their snapshots, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.event_store import StoredEvent, StreamSlice
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.events.snapshots import SNAPSHOTS, Snapshot, SnapshotTable
from infrastructure.events.streams import EVENTS, StreamTable, record_of, stream_key, stream_version
from infrastructure.limits import NEW_ITEM_CONDITION, check_record, record_size
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record


@frozen
class MemoryEventTable(StreamTable):
    """Streams of events. An event that no item could hold is refused here too."""

    _database: MemoryDatabase

    @override
    def append(self, events: Sequence[StoredEvent]) -> tuple[MemoryAction, ...]:
        return tuple(self._put(event) for event in events)

    @override
    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
    ) -> StreamSlice:
        newest = self._newest(stream)
        versions = range(max(first, 1), min(newest if last is None else last, newest) + 1)
        wanted = (versions[::-1] if backwards else versions)[:limit]
        records = self._database.get_all(EVENTS, [_key(stream, version) for version in wanted])
        return StreamSlice(events=tuple(map(event_of, records)), pages=1, read_units=0.0)

    def _newest(self, stream: StreamId) -> int:
        """The version of the last event, found by halving: there are no gaps."""
        known, beyond = 0, 1
        while self._database.has(EVENTS, _key(stream, beyond)):
            known, beyond = beyond, 2 * beyond
        while beyond - known > 1:
            middle = (known + beyond) // 2
            if self._database.has(EVENTS, _key(stream, middle)):
                known = middle
            else:
                beyond = middle
        return known

    def _put(self, event: StoredEvent) -> MemoryAction:
        record = {"pk": stream_key(event.stream), "sk": event.version, **record_of(event)}
        check_record(EVENTS, ("pk", "sk"), record)
        return MemoryAction(
            EVENTS,
            _key(event.stream, event.version),
            {"event": event},
            self._taken(event),
            size=record_size(record) + NEW_ITEM_CONDITION,
        )

    def _taken(self, event: StoredEvent) -> Callable[[Record | None], Conflict | None]:
        stream, expected = event.stream, event.commit_first - 1

        def refusal(present: Record | None) -> Conflict | None:
            if present is None:
                return None
            actual = stream_version(self, stream)
            return ConcurrencyConflict(stream.type, stream.id, expected, actual)

        return refusal


@frozen
class MemorySnapshotTable(SnapshotTable):
    """Snapshots of streams."""

    _database: MemoryDatabase

    @override
    def read(self, stream: StreamId) -> Snapshot | None:
        record = self._database.get(SNAPSHOTS, stream_key(stream))
        return None if record is None else evolve(record["snapshot"])

    @override
    def write(self, snapshot: Snapshot) -> bool:
        return self._database.put_if(
            SNAPSHOTS, stream_key(snapshot.stream), {"snapshot": snapshot}, _is_older(snapshot)
        )


def event_of(record: Record) -> StoredEvent:
    """The event in a record of the events table."""
    event: StoredEvent = record["event"]
    return event


def _is_older(snapshot: Snapshot) -> Callable[[Record | None], bool]:
    return lambda present: present is None or present["snapshot"].version < snapshot.version


def _key(stream: StreamId, version: int) -> str:
    return f"{stream_key(stream)}#{version}"
