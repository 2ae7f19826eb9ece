"""Streams of events, and their snapshots, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.event_store import StoredEvent, StreamSlice
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.events.packing import packed_record
from infrastructure.events.ranges import ItemsOfStream, StreamReading
from infrastructure.events.snapshots import SNAPSHOTS, Snapshot, SnapshotTable
from infrastructure.events.streams import (
    EVENTS,
    EventDecoder,
    StreamTable,
    raw_of,
    record_of,
    stream_key,
    stream_version,
)
from infrastructure.limits import NEW_ITEM_CONDITION, check_record, record_size
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record

_ENDLESS = 10**19
"""Beyond every version that a key has room for."""


@frozen
class MemoryEventTable(StreamTable):
    """Streams of events. What no item could hold is refused here too.

    With `packed` a commit is one record, and one action of the hundred.
    """

    _database: MemoryDatabase
    _packed: bool = False

    @override
    def append(self, events: Sequence[StoredEvent]) -> tuple[MemoryAction, ...]:
        if not self._packed:
            return tuple(self._put((event,), record_of(event)) for event in events)
        return (self._put(tuple(events), packed_record(events)),) if events else ()

    @override
    def check(self, stream: StreamId, version: int) -> MemoryAction:
        refusal = self._taken(stream, version)
        return MemoryAction(EVENTS, _key(stream, version + 1), refusal=refusal, is_check=True)

    @override
    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
        decode: EventDecoder | None = None,
    ) -> StreamSlice:
        reading = StreamReading(stream, _Records(self._database, stream))
        found = reading.read(first, last, backwards=backwards, limit=limit)
        if decode is not None:
            found = tuple(_decoded(event, decode) for event in found)
        return StreamSlice(events=found, pages=1, read_units=0.0)

    def _put(self, events: tuple[StoredEvent, ...], record: Record) -> MemoryAction:
        first = events[0]
        check_record(EVENTS, ("pk", "sk"), record)
        return MemoryAction(
            EVENTS,
            _key(first.stream, first.version),
            {"events": events},
            self._taken(first.stream, first.commit_first - 1),
            size=record_size(record) + NEW_ITEM_CONDITION,
        )

    def _taken(self, stream: StreamId, expected: int) -> Callable[[Record | None], Conflict | None]:
        def refusal(present: Record | None) -> Conflict | None:
            if present is None:
                return None
            actual = stream_version(self, stream)
            return ConcurrencyConflict(stream.type, stream.id, expected, actual)

        return refusal


@frozen
class _Records(ItemsOfStream[Record]):
    """The records of one stream."""

    _database: MemoryDatabase
    _stream: StreamId

    @override
    def between(
        self, low: int, high: int | None, *, backwards: bool, limit: int | None = None
    ) -> list[Record]:
        end = _key(self._stream, _ENDLESS if high is None else min(high, _ENDLESS) + 1)
        after = _key(self._stream, low - 1)
        most = _ENDLESS if limit is None else limit
        return self._database.between(EVENTS, after, end, most, backwards=backwards)

    @override
    def span(self, item: Record) -> tuple[int, int]:
        events = events_of(item)
        return events[0].version, events[-1].version

    @override
    def events(self, item: Record, low: int, high: int) -> Sequence[StoredEvent]:
        return [event for event in events_of(item) if low <= event.version <= high]


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


def events_of(record: Record) -> tuple[StoredEvent, ...]:
    """The events in a record of the events table."""
    events: tuple[StoredEvent, ...] = record["events"]
    return events


def _is_older(snapshot: Snapshot) -> Callable[[Record | None], bool]:
    return lambda present: present is None or present["snapshot"].version < snapshot.version


def _decoded(stored: StoredEvent, decode: EventDecoder) -> StoredEvent:
    raw = raw_of(stored)
    event = decode(stored.stream, stored.version, raw.type, raw.schema_version, raw.data)
    return evolve(stored, event=event)


def _key(stream: StreamId, version: int) -> str:
    # Such a separator is escaped within the stream's key: no other stream is in between.
    return f"{stream_key(stream)}:{version:020}"
