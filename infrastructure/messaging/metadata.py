"""What receivers get beside the payload. The names are known outside: never change them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Final

from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue

_NAMES: Final[Mapping[str, str]] = {
    "message_id": "messageId",
    "message_type": "messageType",
    "ordering_key": "orderingKey",
    "aggregate_id": "aggregateId",
    "aggregate_type": "aggregateType",
    "correlation_id": "correlationId",
    "causation_id": "causationId",
}
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def metadata(message: OutboxMessage) -> dict[str, str]:
    """Its texts, and `createdAt` in ISO 8601 and UTC. What it does not have is left out."""
    present = {_NAMES[field]: text for field, text in texts(message)}
    return {**present, "createdAt": message.created_at.astimezone(UTC).isoformat()}


def texts(message: OutboxMessage) -> Iterator[tuple[str, str]]:
    """What is plain text, each with the field that a message has it in. None is left out."""
    for field in _NAMES:
        text = getattr(message, field)
        if text is not None:
            yield field, text


def check_texts(message: OutboxMessage) -> None:
    """Raises `InvalidValue` for a text that is empty, or cannot be written as UTF-8.

    Names and values of headers may be empty.
    """
    for field, text in texts(message):
        if not text:
            raise InvalidValue(field, "must not be empty")
        _check_unicode(field, text)
    for name, value in message.headers.items():
        _check_unicode("headers", name + value)


def compact_json(value: object, *, ascii_only: bool = False) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))


def _check_unicode(field: str, text: str) -> None:
    if _HALF_A_PAIR.search(text):
        raise InvalidValue(field, "has half of a surrogate pair, which is no character")
