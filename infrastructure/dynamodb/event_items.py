"""Between the record of an event and its item."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

import orjson

from application.ports.event_store import EventMetadata
from domain.errors import InvalidValue
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.moments import moment_text
from infrastructure.event_registry import EncodedEvent
from infrastructure.streams import EventRecord, stream_key, stream_of_key


def to_model(record: EventRecord, model: type[EventModel]) -> EventModel:
    """The item to store."""
    return model(
        pk=stream_key(record.stream),
        sk=record.version,
        event_id=record.event_id,
        aggregate_id=record.stream.id,
        aggregate_type=record.stream.type,
        event_type=record.encoded.type,
        version=record.version,
        timestamp=moment_text(record.timestamp),
        event_data=b64encode(record.encoded.data).decode("ascii"),
        metadata=_metadata_text(record),
        is_dispatched=record.is_dispatched,
        commit_id=record.commit_id,
        commit_first=record.commit_first,
        commit_count=record.commit_count,
    )


def put_request(record: EventRecord, model: type[EventModel]) -> dict[str, Any]:
    """The put of an event whose version must be free."""
    return to_model(record, model).get_save_kwargs_from_instance(model.pk.does_not_exist())


def to_record(item: Item, model: type[EventModel]) -> EventRecord:
    """The record that an item holds."""
    stored = model.from_raw_data(dict(item))
    metadata = orjson.loads(stored.metadata)
    return EventRecord(
        stream=stream_of_key(stored.pk),
        version=int(stored.version),
        event_id=stored.event_id,
        encoded=EncodedEvent(
            stored.event_type, metadata["schemaVersion"], b64decode(stored.event_data)
        ),
        timestamp=datetime.fromisoformat(stored.timestamp),
        metadata=EventMetadata(
            correlation_id=metadata.get("correlationId"),
            causation_id=metadata.get("causationId"),
            actor=metadata.get("actor"),
        ),
        commit_id=stored.commit_id,
        commit_first=int(stored.commit_first),
        commit_count=int(stored.commit_count),
        is_dispatched=stored.is_dispatched,
    )


def _metadata_text(record: EventRecord) -> str:
    known: dict[str, Any] = {
        "actor": record.metadata.actor,
        "causationId": record.metadata.causation_id,
        "correlationId": record.metadata.correlation_id,
        "schemaVersion": record.encoded.schema_version,
    }
    try:
        return orjson.dumps({k: v for k, v in known.items() if v is not None}).decode()
    except TypeError as error:
        raise InvalidValue("metadata", f"cannot be stored as JSON: {error}") from error
