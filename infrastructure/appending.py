"""Appending to streams as part of a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from attrs import frozen

from application.acting import current_metadata
from application.errors import LimitExceeded, UnitOfWorkMisused
from application.ports.event_store import EventMetadata
from application.ports.ids import IdFactory
from domain.consistency import (
    Anything,
    Exact,
    ExpectedVersion,
    Loaded,
    NoStream,
    StreamExists,
    StreamId,
)
from domain.errors import ConcurrencyConflict, InvalidValue
from domain.events import DomainEvent
from infrastructure.committing import Commit, RecordedEvent, commit_under_way
from infrastructure.event_registry import EventRegistry
from infrastructure.streams import EventRecord, StreamTable

ActionT = TypeVar("ActionT")


class Recorder:
    """Makes the records of events that follow a version."""

    def __init__(
        self,
        registry: EventRegistry,
        ids: IdFactory,
        most_events: int = 100,
        leaves: Callable[[DomainEvent], bool] = lambda _: False,
    ) -> None:
        """`leaves` tells whether the commit of an event puts a message into the outbox."""
        self._registry = registry
        self._ids = ids
        self._most_events = most_events
        self._leaves = leaves

    def records(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        after: int,
        commit: Commit,
        metadata: EventMetadata | None = None,
    ) -> list[EventRecord]:
        """One record an event.

        Raises `LimitExceeded` for too many, `InvalidValue` for a time without its zone, and what
        `EventRegistry.encode` raises.
        """
        if len(events) > self._most_events:
            raise LimitExceeded(
                "events in one append", len(events), self._most_events, "events", str(stream)
            )
        return [
            EventRecord(
                stream=stream,
                version=after + n,
                event_id=self._ids.new_id(),
                encoded=self._registry.encode(event),
                timestamp=_in_utc(event),
                is_dispatched=self._leaves(event),
                metadata=metadata or current_metadata(),
                commit_id=commit.id,
                commit_first=after + 1,
                commit_count=len(events),
            )
            for n, event in enumerate(events, 1)
        ]


def _in_utc(event: DomainEvent) -> datetime:
    if event.occurred_at.tzinfo is None:
        raise InvalidValue("occurred_at", "needs a time zone")
    return event.occurred_at.astimezone(UTC)


@frozen
class _Append:
    stream: StreamId
    events: tuple[DomainEvent, ...]
    expected: ExpectedVersion
    metadata: EventMetadata

    def recorded(self, after: int) -> Iterator[RecordedEvent]:
        for version, event in enumerate(self.events, after + 1):
            yield RecordedEvent(
                event=event,
                aggregate_type=self.stream.type,
                aggregate_id=self.stream.id,
                version=version,
                metadata=self.metadata,
            )


class StreamAppender(Generic[ActionT]):
    """Implements `StreamWriter` as a participant of a unit of work."""

    def __init__(self, table: StreamTable[ActionT], recorder: Recorder) -> None:
        self._table = table
        self._recorder = recorder
        self._staged: list[_Append] = []
        self._confirmed: list[tuple[_Append, int]] | None = None

    def append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None = None,
    ) -> None:
        """See `StreamWriter`."""
        if self._confirmed is not None:
            raise commit_under_way()
        if any(staged.stream == stream for staged in self._staged):
            raise UnitOfWorkMisused(f"{stream} is appended to twice in one commit")
        if events:
            metadata = metadata or current_metadata()
            self._staged.append(_Append(stream, tuple(events), expected, metadata))

    def is_changed(self) -> bool:
        """See `Participant`."""
        return bool(self._staged)

    def forgotten(self) -> Sequence[str]:
        """See `Participant`. What is not appended is not known here."""
        return ()

    def begin(self) -> Sequence[RecordedEvent]:
        """See `Participant`. Reads the stream for expectations that are no `Loaded`."""
        confirmed = [
            (staged, confirmed_version(self._table, staged.stream, staged.expected))
            for staged in self._staged
        ]
        self._confirmed = confirmed
        return [event for staged, after in confirmed for event in staged.recorded(after)]

    def actions(self, commit: Commit) -> Sequence[ActionT]:
        """See `Participant`."""
        return [
            action
            for staged, after in self._confirmed or ()
            for action in self._table.append(
                self._recorder.records(staged.stream, staged.events, after, commit, staged.metadata)
            )
        ]

    def committed(self) -> None:
        """See `Participant`."""
        self.clear()

    def abandoned(self) -> None:
        """See `Participant`."""
        self._confirmed = None

    def clear(self) -> None:
        """See `Participant`."""
        self._staged.clear()
        self._confirmed = None


def confirmed_version(
    table: StreamTable[ActionT], stream: StreamId, expected: ExpectedVersion
) -> int:
    """The version to append after. Raises `ConcurrencyConflict` where it is not as expected."""
    match expected:
        case Loaded(version):
            return version
        case NoStream() | Exact(0):
            return 0
        case Exact(version):
            if table.read(stream, first=version, last=version).records:
                return version
            actual = head(table, stream) or None
            raise ConcurrencyConflict(stream.type, stream.id, version, actual)
        case StreamExists():
            version = head(table, stream)
            if version == 0:
                raise ConcurrencyConflict(stream.type, stream.id, 1, None)
            return version
        case Anything():
            return head(table, stream)


def head(table: StreamTable[ActionT], stream: StreamId) -> int:
    """How many events the stream has."""
    newest = table.read(stream, backwards=True, limit=1).records
    return newest[0].version if newest else 0
