"""The event store on either provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from attrs import frozen

from application.deciding import decide
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent, StreamSlice
from domain.consistency import Anything, ExpectedVersion, Loaded, StreamExists, StreamId
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.appending import confirmed_version, head
from infrastructure.event_registry import EventRegistry
from infrastructure.streams import EventRecord, StreamTable
from infrastructure.unit_of_work import StoredUnitOfWork

ActionT = TypeVar("ActionT")


@frozen(kw_only=True)
class StoredEventStore(Generic[ActionT]):
    """Implements the port `EventStore`.

    With `transactional` off, several events are appended one after the other: cheaper by half,
    and weaker. Readers can see the first ones alone, and an error in between leaves them there.
    """

    table: StreamTable[ActionT]
    registry: EventRegistry
    unit_of_work: Callable[[], StoredUnitOfWork[ActionT]]
    transactional: bool = True

    def append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None = None,
    ) -> Loaded:
        """See the port. An expectation that names no number is tried again when it is overtaken."""
        batches: list[Sequence[DomainEvent]] = [events]
        if not self.transactional and events:
            batches = [[event] for event in events]

        def append_first() -> Loaded:
            return self._append(stream, batches[0], expected, metadata)

        names_no_number = isinstance(expected, StreamExists | Anything)
        version = decide(append_first) if names_no_number else append_first()
        for batch in batches[1:]:
            version = self._append(stream, batch, version, metadata)
        return version

    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
        raw: bool = False,
    ) -> StreamSlice:
        """See the port."""
        if limit is not None and limit < 1:
            raise InvalidValue("limit", "must be at least 1")
        found = self.table.read(stream, first=first, last=last, backwards=backwards, limit=limit)
        return StreamSlice(
            events=tuple(stored_event(record, self.registry, raw=raw) for record in found.records),
            pages=found.pages,
            read_units=found.read_units,
        )

    def version(self, stream: StreamId) -> Loaded:
        """See the port."""
        return Loaded(head(self.table, stream))

    def _append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None,
    ) -> Loaded:
        after = confirmed_version(self.table, stream, expected)
        with self.unit_of_work() as unit:
            unit.streams.append(stream, events, Loaded(after), metadata)
            unit.commit()
        return Loaded(after + len(events))


def stored_event(record: EventRecord, registry: EventRegistry, *, raw: bool = False) -> StoredEvent:
    """The record as the port shows it. Raises what `EventRegistry.decode` raises."""
    encoded = record.encoded
    event = (
        RawEvent(encoded.type, encoded.schema_version, encoded.data)
        if raw
        else registry.decode(encoded, stream=str(record.stream), version=record.version)
    )
    return StoredEvent(
        stream=record.stream,
        version=record.version,
        event_id=record.event_id,
        type=encoded.type,
        timestamp=record.timestamp,
        event=event,
        metadata=record.metadata,
        commit_id=record.commit_id,
        commit_first=record.commit_first,
        commit_count=record.commit_count,
    )
