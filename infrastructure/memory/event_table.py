"""Streams of events, and their snapshots, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen

from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.appending import head
from infrastructure.dynamodb.event_items import put_request
from infrastructure.dynamodb.items import check_item, request_size
from infrastructure.dynamodb.models.events import EVENTS, EventModel
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.streams import EventRecord, RecordSlice, Snapshot, stream_key

SNAPSHOTS = "snapshots"


@frozen
class MemoryEventTable:
    """Implements `StreamTable`. An event that no item could hold is refused here too."""

    _database: MemoryDatabase

    def append(self, records: Sequence[EventRecord]) -> tuple[MemoryAction, ...]:
        """See `StreamTable`."""
        return tuple(self._put(record) for record in records)

    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
    ) -> RecordSlice:
        """See `StreamTable`."""
        newest = self._newest(stream)
        versions = range(max(first, 1), min(newest if last is None else last, newest) + 1)
        wanted = (versions[::-1] if backwards else versions)[:limit]
        records = self._database.get_all(EVENTS, [_key(stream, version) for version in wanted])
        return RecordSlice(records=tuple(map(event_of, records)), pages=1, read_units=0.0)

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

    def _put(self, record: EventRecord) -> MemoryAction:
        request = put_request(record, EventModel)
        item = request["Item"]
        check_item(EVENTS, {"pk": item["pk"], "sk": item["sk"]}, item)
        return MemoryAction(
            EVENTS,
            _key(record.stream, record.version),
            {"event": record},
            self._taken(record),
            size=request_size(request),
        )

    def _taken(self, record: EventRecord) -> Callable[[Record | None], Conflict | None]:
        stream, expected = record.stream, record.commit_first - 1

        def refusal(present: Record | None) -> Conflict | None:
            if present is None:
                return None
            return ConcurrencyConflict(stream.type, stream.id, expected, head(self, stream))

        return refusal


@frozen
class MemorySnapshotTable:
    """Implements `SnapshotTable`."""

    _database: MemoryDatabase

    def read(self, stream: StreamId) -> Snapshot | None:
        """See `SnapshotTable`."""
        record = self._database.get(SNAPSHOTS, stream_key(stream))
        return None if record is None else evolve(record["snapshot"])

    def write(self, snapshot: Snapshot) -> bool:
        """See `SnapshotTable`."""
        return self._database.put_if(
            SNAPSHOTS, stream_key(snapshot.stream), {"snapshot": snapshot}, _is_older(snapshot)
        )


def event_of(record: Record) -> EventRecord:
    """The event in a record of the events table."""
    event: EventRecord = record["event"]
    return event


def _is_older(snapshot: Snapshot) -> Callable[[Record | None], bool]:
    return lambda present: present is None or present["snapshot"].version < snapshot.version


def _key(stream: StreamId, version: int) -> str:
    return f"{stream_key(stream)}#{version}"
