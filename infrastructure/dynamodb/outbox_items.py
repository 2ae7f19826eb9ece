"""Between messages of the outbox, the heads of their keys, and their items."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

import orjson
from pynamodb.exceptions import AttributeDeserializationError

from application.errors import LimitExceeded, UnreadableMessage
from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import InvalidValue
from infrastructure.dynamodb.items import LARGEST_ITEM, Item, item_size
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.dynamodb.moments import from_milliseconds, moment_text
from infrastructure.outbox import HEAD, Outstanding

LARGEST_MESSAGE = LARGEST_ITEM - 5 * 1024
"""Bytes of a message's item: the rest is for the error and the moments that are stored later."""


def to_model(message: OutboxMessage, *, outstanding: str, commit_id: str) -> OutboxModel:
    """The item of a pending message, which has an id. Raises `InvalidValue`, `LimitExceeded`."""
    model = OutboxModel(
        pk=message.ordering_key,
        sk=message.message_id,
        message_type=message.message_type,
        destination=message.destination,
        payload=b64encode(message.payload).decode("ascii"),
        headers=_headers_text(message),
        aggregate_id=message.aggregate_id,
        aggregate_type=message.aggregate_type,
        correlation_id=message.correlation_id,
        causation_id=message.causation_id,
        created_at=moment_text(message.created_at),
        is_published=False,
        retry_count=0,
        outstanding=outstanding,
        commit_id=commit_id,
    )
    size = item_size(model.serialize())
    if size > LARGEST_MESSAGE:
        place = f"{message.message_id} of {message.ordering_key}"
        raise LimitExceeded("message size", size, LARGEST_MESSAGE, "bytes", place)
    return model


def put_request(message: OutboxMessage, commit_id: str) -> dict[str, Any]:
    """The put of a message whose id must be free."""
    model = to_model(message, outstanding="pending#0", commit_id=commit_id)
    return model.get_save_kwargs_from_instance(OutboxModel.pk.does_not_exist())


def message_of_image(item: Item) -> StoredMessage | None:
    """The message that an item of the table holds; None for the head of a key."""
    return None if item["sk"]["S"] == HEAD else to_stored(item)


def to_stored(item: Item) -> StoredMessage:
    """The message that an item holds. Raises `UnreadableMessage`."""
    try:
        return _message(OutboxModel.from_raw_data(dict(item)))
    except (AttributeDeserializationError, TypeError, ValueError) as error:
        key = (item["pk"]["S"], item["sk"]["S"])
        raise UnreadableMessage(*key, f"{type(error).__name__}: {error}") from error


def _message(model: OutboxModel) -> StoredMessage:
    return StoredMessage(
        message=OutboxMessage(
            message_id=model.sk,
            message_type=model.message_type,
            destination=model.destination,
            ordering_key=model.pk,
            payload=b64decode(model.payload, validate=True),
            headers=orjson.loads(model.headers),
            aggregate_id=model.aggregate_id,
            aggregate_type=model.aggregate_type,
            correlation_id=model.correlation_id,
            causation_id=model.causation_id,
            created_at=datetime.fromisoformat(model.created_at),
        ),
        published_at=_moment(model.published_at),
        dead_lettered_at=_moment(model.dead_lettered_at),
        retry_count=int(model.retry_count),
        last_error=model.last_error,
    )


def to_outstanding(item: Item) -> Outstanding:
    """What an item of the index tells."""
    return Outstanding(
        key=MessageKey(item["pk"]["S"], item["sk"]["S"]),
        created_at=datetime.fromisoformat(item["createdAt"]["S"]),
        retry_count=int(item["retryCount"]["N"]),
    )


def to_lease(item: Item, until: datetime) -> KeyLease:
    """The lease that a head shows which was just taken."""
    head = KeyHeadModel.from_raw_data(dict(item))
    return KeyLease(
        ordering_key=head.pk,
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


def _headers_text(message: OutboxMessage) -> str:
    try:
        return orjson.dumps(dict(message.headers), option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:
        raise InvalidValue("headers", f"cannot be stored as JSON: {error}") from error
