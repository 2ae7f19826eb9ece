"""The event store on either provider."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from typing_extensions import override

from application.ports.event_store import EventMetadata, EventStore, StreamSlice
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import retry_on_conflict
from domain.consistency import (
    MAX_VERSION,
    Anything,
    ExpectedVersion,
    Loaded,
    StreamExists,
    StreamId,
)
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.events.registry import EventRegistry
from infrastructure.events.streams import StreamTable, confirmed_version, stream_version

_LARGEST = MAX_VERSION + 1  # whoever asks for what follows the last one


@frozen(kw_only=True)
class TableEventStore(EventStore):
    """The event store over the table of either provider.

    With `transactional` off, several events are appended one after the other: cheaper by half,
    and weaker. Readers can see the first ones alone, and an error in between leaves them there.
    """

    table: StreamTable
    registry: EventRegistry
    unit_of_work: UnitOfWorkFactory
    transactional: bool = True

    @override
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
        version = retry_on_conflict(append_first) if names_no_number else append_first()
        for batch in batches[1:]:
            version = self._append(stream, batch, version, metadata)
        return version

    @override
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
        if limit is not None and limit < 1:
            raise InvalidValue("limit", "must be at least 1")
        if max(first, last or 0) > _LARGEST:
            raise InvalidValue("version", f"must be at most {_LARGEST}")
        decode = None if raw else self.registry.decode_stored
        return self.table.read(
            stream, first=first, last=last, backwards=backwards, limit=limit, decode=decode
        )

    @override
    def version(self, stream: StreamId) -> Loaded:
        return Loaded(stream_version(self.table, stream))

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
