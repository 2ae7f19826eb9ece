"""Between stored events and their items: one for each, or one for a commit."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import orjson

from application.errors import UnreadableEvent
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from domain.consistency import StreamId
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.reading import Values, reader_of
from infrastructure.dynamodb.models.events import EventModel, packed_model
from infrastructure.events.packing import PACKED, PackedEvent, time_of, unpack
from infrastructure.events.streams import EventDecoder, stream_of_key

_UNLIKE_THE_MODEL = (LookupError, TypeError, ValueError)
_DAMAGED = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


class EventReader:
    """Reads the items of an events table, in either layout. A call gives all events, raw."""

    def __init__(self, model: type[EventModel]) -> None:
        self._pk, self._sk = model.pk.attr_name, model.sk.attr_name
        self._of_event = reader_of(model)
        self._of_commit = reader_of(packed_model(model))

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
            return self._unpacked(item, low, high, decode)
        event = self._event(item, decode)
        return (event,) if low <= event.version <= high else ()

    def _event(self, item: Item, decode: EventDecoder | None) -> StoredEvent:
        held = self._held(item)
        stream, version, type_ = stream_of_key(held["pk"]), held["version"], held["event_type"]
        metadata, schema_version = parsed_metadata(held["metadata"])
        raw = RawEvent(type_, schema_version, a2b_base64(held["event_data"]))
        return StoredEvent(
            stream=stream,
            version=version,
            event_id=held["event_id"],
            type=type_,
            event=raw if decode is None else decode(stream, version, raw),
            timestamp=datetime.fromisoformat(held["timestamp"]),
            metadata=metadata,
            commit_id=held["commit_id"],
            commit_first=held["commit_first"],
            commit_count=held["commit_count"],
            is_dispatched=held["is_dispatched"],
        )

    def _held(self, item: Item) -> Values:
        """The values of an event's item; where it is as always, in a fifth of the time."""
        try:
            return {
                "pk": item[self._pk]["S"],
                "version": int(item["version"]["N"]),
                "event_id": item["eventId"]["S"],
                "event_type": item["eventType"]["S"],
                "event_data": item["eventData"]["S"],
                "metadata": item["metadata"]["S"],
                "timestamp": item["timestamp"]["S"],
                "commit_id": item["commitId"]["S"],
                "commit_first": int(item["commitFirst"]["N"]),
                "commit_count": int(item["commitCount"]["N"]),
                "is_dispatched": item["isDispatched"]["BOOL"],
            }
        except _UNLIKE_THE_MODEL:
            return self._of_event(item)

    def _unpacked(
        self, item: Item, low: int, high: int, decode: EventDecoder | None
    ) -> Sequence[StoredEvent]:
        held = self._of_commit(item)
        stream, first, count = stream_of_key(held["pk"]), held["sk"], held["commit_count"]
        base, commit_id = datetime.fromisoformat(held["timestamp"]), held["commit_id"]
        begin, end = max(low - first, 0), max(high + 1 - first, 0)
        events = []
        packed = unpack(held["packed"], count, stream, first)[begin:end]
        for version, each in enumerate(packed, first + begin):
            metadata, schema_version, time = _told(each, base, stream, version)
            raw = RawEvent(each.type, schema_version, each.data)
            event = StoredEvent(
                stream=stream,
                version=version,
                event_id=each.event_id,
                type=each.type,
                event=raw if decode is None else decode(stream, version, raw),
                timestamp=time,
                metadata=metadata,
                commit_id=commit_id,
                commit_first=first,
                commit_count=count,
                is_dispatched=each.is_dispatched,
            )
            events.append(event)
        return events


def _told(
    packed: PackedEvent, base: datetime, stream: StreamId, version: int
) -> tuple[EventMetadata, int, datetime]:
    """Metadata, schema version and time of an event in a commit. Raises `UnreadableEvent`."""
    try:
        return (*parsed_metadata(packed.metadata), time_of(packed, base))
    except _DAMAGED as error:
        raise UnreadableEvent(f"event {version} of {stream}", packed.type, str(error)) from error


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
