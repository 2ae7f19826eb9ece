"""Between messages of the outbox, the heads of their keys, and their items."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime

import orjson
import structlog
from pynamodb.exceptions import AttributeDeserializationError

from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage, UnreadableMessage
from application.ports.relay_queue import Busy, KeyLease
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.reading import Values, reader_of
from infrastructure.dynamodb.mappers.timestamps import from_milliseconds
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.outbox.table import HEAD, QueueEntry

logger = structlog.get_logger(__name__)

_read = reader_of(OutboxModel)


def message_of_image(item: Item) -> StoredMessage | None:
    """The message that an item of the table holds; None for the head of a key.

    What cannot be read is told, and None too: it is not to stop what follows the table.
    """
    try:
        return None if item["sk"]["S"] == HEAD else to_stored(item)
    except UnreadableMessage as unreadable:
        logger.exception("message passed over", reason=str(unreadable))
        return None


def to_stored(item: Item) -> StoredMessage:
    """The message that an item holds. Raises `UnreadableMessage`."""
    try:
        return _message(_read(item))
    except (AttributeDeserializationError, LookupError, TypeError, ValueError) as error:
        key = (item["pk"]["S"], item["sk"]["S"])
        raise UnreadableMessage(*key, f"{type(error).__name__}: {error}") from error


def _message(held: Values) -> StoredMessage:
    return StoredMessage(
        message=OutboxMessage(
            message_id=held["sk"],
            message_type=held["message_type"],
            destination=held["destination"],
            ordering_key=held["pk"],
            payload=b64decode(held["payload"], validate=True),
            headers=orjson.loads(held["headers"]),
            aggregate_id=held["aggregate_id"],
            aggregate_type=held["aggregate_type"],
            correlation_id=held["correlation_id"],
            causation_id=held["causation_id"],
            created_at=datetime.fromisoformat(held["created_at"]),
        ),
        published_at=_moment(held["published_at"]),
        dead_lettered_at=_moment(held["dead_lettered_at"]),
        retry_count=held["retry_count"],
        last_error=held["last_error"],
    )


def to_entry(item: Item) -> QueueEntry:
    """What an item of the index tells."""
    return QueueEntry(
        key=MessageKey(item["pk"]["S"], item["sk"]["S"]),
        created_at=datetime.fromisoformat(item["createdAt"]["S"]),
        retry_count=int(item["retryCount"]["N"]),
    )


def to_lease(item: Item, until: datetime) -> KeyLease:
    """The lease that a head shows which was just taken."""
    head = KeyHeadModel.from_raw_data(dict(item))
    return KeyLease(
        name=head.pk,
        owner=head.owner or "",
        token=int(head.token),
        until=until,
        last_message_id=head.last_message_id or "",
        attempts=int(head.attempts or 0),
    )


def to_busy(item: Item | None, now: datetime) -> Busy:
    """Until when a head says that its key cannot be had."""
    if item is None:
        return Busy(now)
    lease_until, next_attempt = (_moment_at(item, name) for name in ("leaseUntil", "nextAttempt"))
    if next_attempt is not None and next_attempt > now:
        return Busy(next_attempt)
    return Busy(max(now, lease_until or now), is_held=True)


def _moment_at(item: Item, name: str) -> datetime | None:
    return from_milliseconds(int(item[name]["N"])) if name in item else None


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
