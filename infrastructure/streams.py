"""Streams of encoded events, as both providers store them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import frozen

from application.ports.event_store import EventMetadata
from domain.consistency import StreamId
from infrastructure.event_registry import EncodedEvent

ActionT = TypeVar("ActionT")
ActionT_co = TypeVar("ActionT_co", covariant=True)


@frozen(kw_only=True)
class EventRecord:
    """One event as it is stored. See `StoredEvent` for what the fields mean.

    `is_dispatched` tells whether the same commit put a message of it into the outbox.
    """

    stream: StreamId
    version: int
    event_id: str
    encoded: EncodedEvent
    timestamp: datetime
    metadata: EventMetadata
    commit_id: str
    commit_first: int
    commit_count: int
    is_dispatched: bool = False


@frozen(kw_only=True)
class RecordSlice:
    """Records of one stream, and what reading them took."""

    records: tuple[EventRecord, ...]
    pages: int
    read_units: float


class StreamTable(Protocol[ActionT_co]):
    """Where events are. Reads are strongly consistent."""

    def append(self, records: Sequence[EventRecord]) -> tuple[ActionT_co, ...]:
        """The actions that store these records, each refused if its version is there.

        The refusal is a `ConcurrencyConflict` with the version read after it. Raises
        `LimitExceeded` for a record that no item can hold.
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
    ) -> RecordSlice:
        """The records from version `first` to `last`, at most `limit` of them."""
        ...


@frozen(kw_only=True)
class Snapshot:
    """The folded state of a stream at a version, as JSON of a schema version."""

    stream: StreamId
    version: int
    schema_version: int
    state: bytes


class SnapshotTable(Protocol):
    """Where snapshots are: at most one a stream, never needed for correctness."""

    def read(self, stream: StreamId) -> Snapshot | None:
        """The snapshot that was stored last. One request. Raises `UnreadableState`."""
        ...

    def write(self, snapshot: Snapshot) -> bool:
        """Stores it unless a newer one is there; whether it was stored. One request."""
        ...


def stream_key(stream: StreamId) -> str:
    """The key of a stream's events: `Order:7`. Stored: never change it.

    A separator within the type or the id is escaped, so that two streams never share a key.
    """
    return f"{_escaped(stream.type)}:{_escaped(stream.id)}"


def stream_of_key(key: str) -> StreamId:
    """The stream that a key belongs to."""
    type_, _, id_ = key.partition(":")
    return StreamId(_unescaped(type_), _unescaped(id_))


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _unescaped(part: str) -> str:
    return part.replace("%3A", ":").replace("%25", "%")
