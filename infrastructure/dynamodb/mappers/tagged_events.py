"""Between a tagged event and its items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

from application.ports.dcb_store import SequencedEvent
from application.ports.event_store import RawEvent
from domain.tagged_events import GuardState, Position, Tag
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.events import parsed_metadata
from infrastructure.dynamodb.mappers.reading import Values, reader_of
from infrastructure.dynamodb.models.tagged_events import GuardModel, TaggedEventModel, TagRowModel
from infrastructure.tagged_events.keys import EventKeys

_read_event = reader_of(TaggedEventModel)
_read_row = reader_of(TagRowModel)
_read_guard = reader_of(GuardModel)


def to_sequenced(item: Item) -> SequencedEvent:
    """The event that an item holds, raw."""
    held = _read_event(item)
    return _sequenced(held, Position(held["position"]))


def tagged_event_of_image(keys: EventKeys) -> Callable[[Item], SequencedEvent | None]:
    """Reads the items of a stream: the event, or None for one of another service."""
    return lambda item: to_sequenced(item) if keys.is_event(item["pk"]["S"]) else None


def row_to_sequenced(item: Item) -> SequencedEvent:
    """The event that a whole row holds, raw."""
    row = _read_row(item)
    return _sequenced(row, Position(row["sk"]))


def to_guard_state(item: Item) -> GuardState:
    """The state that the item of a guard holds."""
    held = _read_guard(item)
    return GuardState(held["events"], Position(held["newest"]))


def _sequenced(held: Values, position: Position) -> SequencedEvent:
    metadata, schema_version = parsed_metadata(held["metadata"])
    return SequencedEvent(
        position=position,
        event_id=held["event_id"],
        type=held["event_type"],
        tags=tuple(Tag(tag) for tag in orjson.loads(held["tags"])),
        timestamp=datetime.fromisoformat(held["timestamp"]),
        event=RawEvent(held["event_type"], schema_version, held["payload"].encode()),
        metadata=metadata,
        commit_id=held["commit_id"],
    )
