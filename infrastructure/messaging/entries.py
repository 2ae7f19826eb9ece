"""One message as an entry of a request that sends several, and what receivers get beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final, Protocol

from attrs import field, frozen

from application.errors import LimitExceeded
from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue

MAX_MESSAGE = 262_144
"""Bytes that every queue and topic takes, whatever its age and settings allow beyond that.

Source: "Amazon SQS message quotas", "Amazon SNS endpoints and quotas". Newer queues take 1 MiB.
"""


@frozen
class Entry:
    """`request` is what the service gets, `size` its bytes as the service reckons them."""

    request: Mapping[str, Any] = field(repr=False)
    size: int


class EntryFormat(Protocol):
    """How a kind of destination has messages written, and what it takes."""

    @property
    def keeps_order(self) -> bool:
        """Whether the destination keeps messages of an ordering key in order."""
        ...

    def entry(self, message: OutboxMessage) -> Entry:
        """The message as it is sent; it has an id.

        Raises `InvalidValue` or `LimitExceeded` for what the destination would refuse.
        """
        ...


def check_size(message: OutboxMessage, size: int, allowed: int) -> None:
    """Raises `LimitExceeded` for a message of more bytes than allowed."""
    if size > allowed:
        where = f"{message.message_type} {message.message_id} for {message.destination}"
        raise LimitExceeded("message size", size, allowed, "bytes", where)


# Known outside: never change these.
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
    present = {_NAMES[name]: text for name, text in texts(message)}
    return {**present, "createdAt": message.created_at.astimezone(UTC).isoformat()}


def texts(message: OutboxMessage) -> Iterator[tuple[str, str]]:
    """What is plain text, each with the field that a message has it in. None is left out."""
    for name in _NAMES:
        text = getattr(message, name)
        if text is not None:
            yield name, text


def check_texts(message: OutboxMessage) -> None:
    """Raises `InvalidValue` for a text that is empty, or cannot be written as UTF-8.

    Names and values of headers may be empty.
    """
    for name, text in texts(message):
        if not text:
            raise InvalidValue(name, "must not be empty")
        _check_unicode(name, text)
    for header, value in message.headers.items():
        _check_unicode("headers", header + value)


def compact_json(value: object, *, ascii_only: bool = False) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))


def _check_unicode(name: str, text: str) -> None:
    if _HALF_A_PAIR.search(text):
        raise InvalidValue(name, "has half of a surrogate pair, which is no character")
