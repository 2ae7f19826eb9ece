"""Between a stored event and its item."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime

import orjson

from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.events.streams import stream_of_key


def to_stored(item: Item, model: type[EventModel]) -> StoredEvent:
    """The event that an item holds, raw."""
    held = model.from_raw_data(dict(item))
    metadata, schema_version = parsed_metadata(held.metadata)
    return StoredEvent(
        stream=stream_of_key(held.pk),
        version=int(held.version),
        event_id=held.event_id,
        type=held.event_type,
        event=RawEvent(held.event_type, schema_version, b64decode(held.event_data)),
        timestamp=datetime.fromisoformat(held.timestamp),
        metadata=metadata,
        commit_id=held.commit_id,
        commit_first=int(held.commit_first),
        commit_count=int(held.commit_count),
        is_dispatched=held.is_dispatched,
    )


def parsed_metadata(text: str) -> tuple[EventMetadata, int]:
    """What `metadata_text` wrote: where the event came from, and its schema version."""
    stored = orjson.loads(text)
    metadata = EventMetadata(
        correlation_id=stored.get("correlationId"),
        causation_id=stored.get("causationId"),
        actor=stored.get("actor"),
    )
    return metadata, stored["schemaVersion"]
