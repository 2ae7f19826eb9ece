"""Streams of events, as both providers store them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Protocol

import orjson

from application.ports.event_store import EventMetadata, RawEvent, StoredEvent, StreamSlice
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
from infrastructure.commit.participant import Action
from infrastructure.limits import Record

EVENTS = "events"
"""The logical name of the table of events."""


EventDecoder = Callable[[StreamId, int, str, int, bytes], DomainEvent]
"""Makes an event of its stream and version, and of its type, schema version and data."""


class StreamTable(Protocol):
    """Where events are: an item for each, or one for a commit. Reads are strongly consistent.

    Only what is written depends on the layout. Both are read, mixed in one stream, too.
    """

    def append(self, events: Sequence[StoredEvent]) -> tuple[Action, ...]:
        """The actions that store these raw events, each refused if its version is there.

        They are those of one stream in one commit: an action for each, or one where they are
        packed. The refusal is a `ConcurrencyConflict` with the version read after it. Raises
        `LimitExceeded` for what no item can hold.
        """
        ...

    def check(self, stream: StreamId, version: int) -> Action:
        """The action that writes nothing, and is refused if events came after this version.

        They were committed to it: a commit is never in the middle of another one's events.
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
        decode: EventDecoder | None = None,
    ) -> StreamSlice:
        """The events from version `first` to `last`, at most `limit` of them.

        They are raw without `decode`, which is called with these alone. No more items are read
        than have such events. One request; one more for a `first` within a commit that
        is packed or beyond the stream's end, and up to two more for a `limit` backwards. Raises
        what `decode` raises, and `UnreadableEvent` for packed events that are damaged.
        """
        ...


def raw_of(event: StoredEvent) -> RawEvent:
    """An event as it was written. Raises `TypeError` for one that is decoded already."""
    if isinstance(event.event, RawEvent):
        return event.event
    raise TypeError(f"event {event.version} of {event.stream} is decoded")


def record_of(event: StoredEvent) -> Record:
    """The attributes of a raw event, keys included. Names and formats are stored: never change.

    Raises `InvalidValue` for metadata that JSON cannot hold.
    """
    return {
        "pk": stream_key(event.stream),
        "sk": event.version,
        "eventId": event.event_id,
        "aggregateId": event.stream.id,
        "aggregateType": event.stream.type,
        "eventType": event.type,
        "version": event.version,
        "timestamp": event.timestamp.astimezone(UTC).isoformat(),
        "eventData": b64encode(raw_of(event).data).decode("ascii"),
        "metadata": metadata_text(event.metadata, raw_of(event).schema_version),
        "isDispatched": event.is_dispatched,
        "commitId": event.commit_id,
        "commitFirst": event.commit_first,
        "commitCount": event.commit_count,
    }


def metadata_text(metadata: EventMetadata, schema_version: int) -> str:
    """What is stored beside an event, as JSON. Stored: never change it. Raises `InvalidValue`."""
    known: dict[str, str | int | None] = {
        "actor": metadata.actor,
        "causationId": metadata.causation_id,
        "correlationId": metadata.correlation_id,
        "schemaVersion": schema_version,
    }
    try:
        return orjson.dumps({k: v for k, v in known.items() if v is not None}).decode()
    except TypeError as error:
        raise InvalidValue("metadata", f"cannot be stored as JSON: {error}") from error


def confirmed_version(table: StreamTable, stream: StreamId, expected: ExpectedVersion) -> int:
    """The version to append after. Raises `ConcurrencyConflict` where it is not as expected."""
    match expected:
        case Loaded(version):
            return version
        case NoStream() | Exact(0):
            return 0
        case Exact(version):
            if _has_commit_to(table, stream, version):
                return version
            actual = stream_version(table, stream) or None
            raise ConcurrencyConflict(stream.type, stream.id, version, actual)
        case StreamExists():
            version = stream_version(table, stream)
            if version == 0:
                raise ConcurrencyConflict(stream.type, stream.id, 1, None)
            return version
        case Anything():
            return stream_version(table, stream)


def _has_commit_to(table: StreamTable, stream: StreamId, version: int) -> bool:
    """Whether a commit ended at this version. It still does: commits never change.

    A version within a commit would not be refused by the item of a packed one.
    """
    found = table.read(stream, last=version, backwards=True, limit=1).events
    return bool(found) and version == found[0].version == found[0].commit_last


def stream_version(table: StreamTable, stream: StreamId) -> int:
    """How many events the stream has."""
    newest = table.read(stream, backwards=True, limit=1).events
    return newest[0].version if newest else 0


def stream_key(stream: StreamId) -> str:
    """The key of a stream's events: `Order:7`. Stored: never change it.

    A separator within the type or the id is escaped, so that two streams never share a key.
    """
    return f"{_escaped(stream.type)}:{_escaped(stream.id)}"


@lru_cache(maxsize=1024)  # events come by streams
def stream_of_key(key: str) -> StreamId:
    """The stream that a key belongs to."""
    type_, _, id_ = key.partition(":")
    return StreamId(_unescaped(type_), _unescaped(id_))


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _unescaped(part: str) -> str:
    return part.replace("%3A", ":").replace("%25", "%")
