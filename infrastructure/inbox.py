"""The inbox on either provider: messages remembered in the transaction of their effect."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from attrs import frozen

from domain.errors import InvalidValue
from infrastructure.keys import can_be_key
from infrastructure.staging import StagedItems

ActionT = TypeVar("ActionT")
ActionT_co = TypeVar("ActionT_co", covariant=True)

LONGEST_ID = 1024
"""Bytes of a message id, as of one of the outbox."""

LONGEST_CONSUMER = 1023
"""Bytes of a consumer's name: together with a message id it fits a key."""

_SEPARATOR = "#"


@frozen(kw_only=True)
class Receipt:
    """That a consumer has handled a message. It is kept until some time after `expires`."""

    consumer: str
    message_id: str
    at: datetime
    expires: datetime

    @property
    def key(self) -> str:
        """See `receipt_key`."""
        return receipt_key(self.consumer, self.message_id)


class InboxTable(Protocol[ActionT_co]):
    """Where receipts are."""

    def has(self, key: str) -> bool:
        """Whether there is such a receipt (strongly consistent). One request."""
        ...

    def put(self, receipt: Receipt, commit_id: str) -> ActionT_co:
        """Adds a receipt; refused with `MessageAlreadyHandled` where it is there."""
        ...


class ReceiptRecorder(StagedItems[Receipt, ActionT]):
    """Implements `InboxWriter` as a participant of a unit of work.

    `keep` must be longer than any message can be delivered again.
    """

    def __init__(self, table: InboxTable[ActionT], keep: timedelta) -> None:
        super().__init__(table.put)
        self._table = table
        self._keep = keep

    def knows(self, consumer: str, message_id: str) -> bool:
        """See `InboxWriter`."""
        return self._table.has(receipt_key(consumer, message_id))

    def remember(self, consumer: str, message_id: str, at: datetime) -> None:
        """See `InboxWriter`."""
        if at.tzinfo is None:
            raise InvalidValue("at", "needs a time zone")
        receipt = Receipt(consumer=consumer, message_id=message_id, at=at, expires=at + self._keep)
        self.stage(receipt, receipt.key)


def receipt_key(consumer: str, message_id: str) -> str:
    """The key of a receipt: `mailer#018f…`. Stored: never change it. Raises `InvalidValue`."""
    if _SEPARATOR in consumer:
        raise InvalidValue("consumer", f"must not contain {_SEPARATOR!r}")
    _check("consumer", consumer, LONGEST_CONSUMER)
    _check("message_id", message_id, LONGEST_ID)
    return f"{consumer}{_SEPARATOR}{message_id}"


def _check(name: str, text: str, longest: int) -> None:
    if not can_be_key(text, longest):
        raise InvalidValue(name, f"must be 1 to {longest} printable bytes")
