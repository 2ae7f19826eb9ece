"""The inbox on either provider: messages remembered in the transaction of their effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen
from typing_extensions import override

from application.ports.inbox import InboxWriter
from domain.errors import InvalidValue
from infrastructure.commit.participant import Action
from infrastructure.commit.staged_items import StagedItems
from infrastructure.limits import can_be_key

INBOX = "inbox"
"""The logical name of the table."""

MAX_ID = 1024
"""Bytes of a message id, as of one of the outbox."""

MAX_CONSUMER = 1023
"""Bytes of a consumer's name: together with a message id it fits a key."""

_SEPARATOR = "#"


@frozen(kw_only=True)
class ProcessedMessage:
    """A message that a consumer has processed. It is kept until some time after `expires`."""

    consumer: str
    message_id: str
    at: datetime
    expires: datetime

    @property
    def key(self) -> str:
        """See `processed_message_key`."""
        return processed_message_key(self.consumer, self.message_id)


class InboxTable(Protocol):
    """Where processed messages are."""

    def has(self, key: str) -> bool:
        """Whether there is such a message (strongly consistent). One request."""
        ...

    def put(self, processed: ProcessedMessage, commit_id: str) -> Action:
        """Adds one; refused with `MessageAlreadyHandled` where it is there."""
        ...


class InboxRecorder(StagedItems[ProcessedMessage], InboxWriter):
    """A participant of a unit of work.

    `keep` must be longer than any message can be delivered again.
    """

    def __init__(self, table: InboxTable, keep: timedelta, check_open: Callable[[], None]) -> None:
        super().__init__(table.put, check_open)
        self._table = table
        self._keep = keep

    @override
    def knows(self, consumer: str, message_id: str) -> bool:
        return self._table.has(processed_message_key(consumer, message_id))

    @override
    def remember(self, consumer: str, message_id: str, at: datetime) -> None:
        if at.tzinfo is None:
            raise InvalidValue("at", "needs a time zone")
        processed = ProcessedMessage(
            consumer=consumer, message_id=message_id, at=at, expires=at + self._keep
        )
        self.stage(processed, processed.key)


def processed_message_key(consumer: str, message_id: str) -> str:
    """The key of a processed message: `mailer#018f…`. Stored: never change it.

    Raises `InvalidValue`.
    """
    if _SEPARATOR in consumer:
        raise InvalidValue("consumer", f"must not contain {_SEPARATOR!r}")
    _check("consumer", consumer, MAX_CONSUMER)
    _check("message_id", message_id, MAX_ID)
    return f"{consumer}{_SEPARATOR}{message_id}"


def _check(name: str, text: str, max_bytes: int) -> None:
    if not can_be_key(text, max_bytes):
        raise InvalidValue(name, f"must be 1 to {max_bytes} printable bytes")
