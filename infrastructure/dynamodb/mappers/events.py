"""Between a stored event and its item."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

import orjson

from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.reading import reader_of
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.events.streams import stream_of_key


def event_reader(model: type[EventModel]) -> Callable[[Item], StoredEvent]:
    """What reads the items of an events table: the event that one holds, raw."""
    values_of = reader_of(model)

    def read(item: Item) -> StoredEvent:
        held = values_of(item)
        metadata, schema_version = parsed_metadata(held["metadata"])
        return StoredEvent(
            stream=stream_of_key(held["pk"]),
            version=held["version"],
            event_id=held["event_id"],
            type=held["event_type"],
            event=RawEvent(held["event_type"], schema_version, b64decode(held["event_data"])),
            timestamp=datetime.fromisoformat(held["timestamp"]),
            metadata=metadata,
            commit_id=held["commit_id"],
            commit_first=held["commit_first"],
            commit_count=held["commit_count"],
            is_dispatched=held["is_dispatched"],
        )

    return read


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
