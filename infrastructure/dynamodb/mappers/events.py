"""Between stored events and their items: one for each, or one for a commit."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from application.errors import UnreadableEvent
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from domain.consistency import StreamId
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.reading import reader_of
from infrastructure.dynamodb.models.events import EventModel, packed_model
from infrastructure.events.packing import PACKED, PackedEvent, time_of, unpack
from infrastructure.events.streams import EventDecoder, stream_of_key

_UNLIKE_THE_MODEL = (LookupError, TypeError, ValueError)
_DAMAGED = (LookupError, TypeError, ValueError, AttributeError, OverflowError)

_of_event = itemgetter(
    *("pk", "version", "event_id", "event_type", "event_data", "metadata", "timestamp"),
    *("commit_id", "commit_first", "commit_count", "is_dispatched"),
)
_of_commit = itemgetter("pk", "sk", "commit_id", "commit_count", "timestamp", "packed")


class EventReader:
    """Reads the items of an events table, in either layout. A call gives all events, raw."""

    def __init__(self, model: type[EventModel]) -> None:
        self._pk, self._sk = model.pk.attr_name, model.sk.attr_name
        self._values_of_event = reader_of(model)
        self._values_of_commit = reader_of(packed_model(model))

    def __call__(self, item: Item) -> Sequence[StoredEvent]:
        """Raises what PynamoDB raises, and `UnreadableEvent`, as below."""
        return self.events(item, *self.span(item), None)

    def span(self, item: Item) -> tuple[int, int]:
        """The versions of the item's first and last event."""
        first = int(item[self._sk]["N"])
        return first, first + int(item["commitCount"]["N"]) - 1 if PACKED in item else first

    def events(
        self, item: Item, low: int, high: int, decode: EventDecoder | None
    ) -> Sequence[StoredEvent]:
        """Those events whose versions lie between these; no other is decoded."""
        if PACKED in item:
            return _unpacked(self._commit(item), low, high, decode)
        held = self._event(item)
        return (_event(held, decode),) if low <= held[1] <= high else ()

    def _event(self, item: Item) -> tuple[Any, ...]:
        """The values of an event; where it is as always, in a fifth of the time."""
        try:
            return (
                item[self._pk]["S"],
                int(item["version"]["N"]),
                item["eventId"]["S"],
                item["eventType"]["S"],
                item["eventData"]["S"],
                item["metadata"]["S"],
                item["timestamp"]["S"],
                item["commitId"]["S"],
                int(item["commitFirst"]["N"]),
                int(item["commitCount"]["N"]),
                item["isDispatched"]["BOOL"],
            )
        except _UNLIKE_THE_MODEL:
            values: tuple[Any, ...] = _of_event(self._values_of_event(item))
            return values

    def _commit(self, item: Item) -> tuple[Any, ...]:
        """The values of a packed commit, in the same way."""
        try:
            return (
                item[self._pk]["S"],
                int(item[self._sk]["N"]),
                item["commitId"]["S"],
                int(item["commitCount"]["N"]),
                item["timestamp"]["S"],
                item[PACKED]["B"],
            )
        except _UNLIKE_THE_MODEL:
            values: tuple[Any, ...] = _of_commit(self._values_of_commit(item))
            return values


def _event(held: tuple[Any, ...], decode: EventDecoder | None) -> StoredEvent:
    key, version, event_id, type_, encoded, told, timestamp, commit_id, first, count, sent = held
    stream, (metadata, schema_version) = stream_of_key(key), parsed_metadata(told)
    data = a2b_base64(encoded)
    return StoredEvent(
        stream=stream,
        version=version,
        event_id=event_id,
        type=type_,
        event=decode(stream, version, type_, schema_version, data)
        if decode
        else RawEvent(type_, schema_version, data),
        timestamp=_time(timestamp),
        metadata=metadata,
        commit_id=commit_id,
        commit_first=first,
        commit_count=count,
        is_dispatched=sent,
    )


def _unpacked(
    held: tuple[Any, ...], low: int, high: int, decode: EventDecoder | None
) -> Sequence[StoredEvent]:
    key, first, commit_id, count, timestamp, blob = held
    stream, base = stream_of_key(key), _time(timestamp)
    begin, end = max(low - first, 0), max(high + 1 - first, 0)
    events = []
    for version, each in enumerate(unpack(blob, count, stream, first)[begin:end], first + begin):
        metadata, schema_version, time = _told(each, base, stream, version)
        stored = StoredEvent(
            stream=stream,
            version=version,
            event_id=each.event_id,
            type=each.type,
            event=decode(stream, version, each.type, schema_version, each.data)
            if decode
            else RawEvent(each.type, schema_version, each.data),
            timestamp=time,
            metadata=metadata,
            commit_id=commit_id,
            commit_first=first,
            commit_count=count,
            is_dispatched=each.is_dispatched,
        )
        events.append(stored)
    return events


def _told(
    packed: PackedEvent, base: datetime, stream: StreamId, version: int
) -> tuple[EventMetadata, int, datetime]:
    """Metadata, schema version and time of an event in a commit. Raises `UnreadableEvent`."""
    try:
        return (*parsed_metadata(packed.metadata), time_of(packed, base))
    except _DAMAGED as error:
        raise UnreadableEvent(f"event {version} of {stream}", packed.type, str(error)) from error


_time = lru_cache(maxsize=1024)(datetime.fromisoformat)  # as below


@lru_cache(maxsize=1024)  # events of one commit have the same
def parsed_metadata(text: str) -> tuple[EventMetadata, int]:
    """What `metadata_text` wrote: where the event came from, and its schema version."""
    stored = orjson.loads(text)
    metadata = EventMetadata(
        correlation_id=stored.get("correlationId"),
        causation_id=stored.get("causationId"),
        actor=stored.get("actor"),
    )
    return metadata, stored["schemaVersion"]
