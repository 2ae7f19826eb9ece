"""The event store: streams that only grow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from domain.consistency import ExpectedVersion, Loaded, StreamId
from domain.events import DomainEvent


@frozen(kw_only=True)
class EventMetadata:
    """Where an event came from: which request, which cause, who acted."""

    correlation_id: str | None = None
    causation_id: str | None = None
    actor: str | None = None


@frozen
class RawEvent:
    """A stored event that is not decoded: its data as it was written."""

    type: str
    schema_version: int
    data: bytes


@frozen(kw_only=True, slots=False)  # with slots, making one takes a third longer
class StoredEvent:
    """One event of a stream and what was stored with it.

    `version` is its place in the stream, from 1. `timestamp` is when it was committed, in UTC.
    The commit that wrote it wrote `commit_count` events of the stream, from `commit_first` on;
    `is_dispatched` tells whether it put a message of this one into the outbox, too.
    """

    stream: StreamId
    version: int
    event_id: str
    type: str
    timestamp: datetime
    event: DomainEvent | RawEvent
    metadata: EventMetadata
    commit_id: str
    commit_first: int
    commit_count: int
    is_dispatched: bool = False

    @property
    def commit_last(self) -> int:
        """The version of the last event of its commit."""
        return self.commit_first + self.commit_count - 1

    @property
    def name(self) -> str:
        """Names it for people: `event 3 of Order 7`."""
        return f"event {self.version} of {self.stream}"


@frozen(kw_only=True)
class StreamSlice:
    """Events of one stream, and what reading them took: pages (requests) and read units."""

    events: tuple[StoredEvent, ...]
    pages: int
    read_units: float


class StreamWriter(Protocol):
    """Appends to streams as part of a unit of work."""

    def append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None = None,
    ) -> None:
        """Stages events for a stream, once a stream and commit.

        The commit raises `ConcurrencyConflict` where the stream is not as expected.
        """
        ...


class EventStore(Protocol):
    """Appends to streams and reads them."""

    def append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None = None,
    ) -> Loaded:
        """Writes all events after what is expected to be there, or none; the new version.

        Raises `ConcurrencyConflict` with the version found, `LimitExceeded` before anything is
        sent, or what `UnitOfWork.commit` raises. To be able to resume a commit whose outcome is
        unknown, append in a unit of work. No events: nothing is written.
        """
        ...

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
        """The events from version `first` to `last`, both included (strongly consistent).

        Every page is followed; a limit reads no more than it needs. A stream that does not exist
        is empty. Raises `InvalidValue` for a limit below 1, `UnknownEventType` for a stored type
        that is not registered; with `raw` every event is a `RawEvent`.
        """
        ...

    def version(self, stream: StreamId) -> Loaded:
        """How many events the stream has now (strongly consistent)."""
        ...
