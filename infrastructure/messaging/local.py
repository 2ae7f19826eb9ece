"""Destinations within the process."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import structlog
from attrs import evolve
from typing_extensions import override

from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, Outcome, Publisher
from infrastructure.messaging.batch_publisher import MAX_MESSAGES

_TIMEOUT = 1.0  # seconds; nothing here waits


class LogPublisher(Publisher):
    """Writes one line a message to the log: what it is and its size, not what it holds.

    Takes any message, and keeps the order.
    """

    timeout = _TIMEOUT
    max_messages = MAX_MESSAGES
    is_available = True

    def __init__(self) -> None:
        self._log: Any = structlog.get_logger()

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        for message in messages:
            self._log.info(
                "message published",
                destination=message.destination,
                message_type=message.message_type,
                message_id=message.message_id,
                ordering_key=message.ordering_key,
                aggregate_id=message.aggregate_id,
                aggregate_type=message.aggregate_type,
                correlation_id=message.correlation_id,
                causation_id=message.causation_id,
                payload_bytes=len(message.payload),
            )
        return [Accepted()] * len(messages)


class MemoryPublisher(Publisher):
    """Keeps what it was given, oldest first: for tests, and for looking at what would be sent.

    Takes any message, from many threads at once, and keeps the order.
    """

    timeout = _TIMEOUT
    max_messages = MAX_MESSAGES
    is_available = True

    def __init__(self) -> None:
        self._lock = Lock()
        self._published: list[OutboxMessage] = []

    @property
    def published(self) -> list[OutboxMessage]:
        """What was published so far, a copy."""
        with self._lock:
            return [_copy(message) for message in self._published]

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        copies = [_copy(message) for message in messages]
        with self._lock:
            self._published += copies
        return [Accepted()] * len(messages)


def _copy(message: OutboxMessage) -> OutboxMessage:
    return evolve(message, headers=dict(message.headers))
