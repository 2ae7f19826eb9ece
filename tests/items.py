"""What the tables make of events and messages, before it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports.event_store import StoredEvent
from application.ports.outbox import OutboxMessage
from infrastructure.dynamodb.items import model_of
from infrastructure.dynamodb.models.events import EventModel, PackedCommitModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.events.packing import packed_record
from infrastructure.events.streams import record_of as event_record
from infrastructure.outbox.table import record_of as message_record


def event_model(event: StoredEvent, model: type[EventModel] = EventModel) -> EventModel:
    """The item of an event."""
    return model_of(model, event_record(event))


def commit_model(events: Sequence[StoredEvent]) -> PackedCommitModel:
    """The item of a packed commit."""
    return model_of(PackedCommitModel, packed_record(events))


def message_model(
    message: OutboxMessage, *, outstanding: str = "pending#0", commit_id: str = "commit-1"
) -> OutboxModel:
    """The item of a pending message."""
    return model_of(OutboxModel, message_record(message, commit_id, outstanding))
