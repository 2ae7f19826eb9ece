"""The inbox on either provider: messages remembered in the transaction of their effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from domain.errors import InvalidValue
from infrastructure.committing import Commit, RecordedEvent, commit_under_way

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


class ReceiptRecorder(Generic[ActionT]):
    """Implements `InboxWriter` as a participant of a unit of work.

    `keep` must be longer than any message can be delivered again.
    """

    def __init__(self, table: InboxTable[ActionT], keep: timedelta) -> None:
        self._table = table
        self._keep = keep
        self._staged: dict[str, Receipt] = {}
        self._is_under_way = False

    def knows(self, consumer: str, message_id: str) -> bool:
        """See `InboxWriter`."""
        return self._table.has(receipt_key(consumer, message_id))

    def remember(self, consumer: str, message_id: str, at: datetime) -> None:
        """See `InboxWriter`."""
        if self._is_under_way:
            raise commit_under_way()
        if at.tzinfo is None:
            raise InvalidValue("at", "needs a time zone")
        receipt = Receipt(consumer=consumer, message_id=message_id, at=at, expires=at + self._keep)
        self._staged[receipt.key] = receipt

    def is_changed(self) -> bool:
        """See `Participant`."""
        return bool(self._staged)

    def forgotten(self) -> Sequence[str]:
        """See `Participant`. What is not remembered is not known here."""
        return ()

    def begin(self) -> Sequence[RecordedEvent]:
        """See `Participant`."""
        self._is_under_way = True
        return ()

    def actions(self, commit: Commit) -> Sequence[ActionT]:
        """See `Participant`."""
        return [self._table.put(receipt, commit.id) for receipt in self._staged.values()]

    def committed(self) -> None:
        """See `Participant`."""
        self.clear()

    def abandoned(self) -> None:
        """See `Participant`."""
        self._is_under_way = False

    def clear(self) -> None:
        """See `Participant`."""
        self._staged.clear()
        self._is_under_way = False


def receipt_key(consumer: str, message_id: str) -> str:
    """The key of a receipt: `mailer#018f…`. Stored: never change it. Raises `InvalidValue`."""
    if _SEPARATOR in consumer:
        raise InvalidValue("consumer", f"must not contain {_SEPARATOR!r}")
    _check("consumer", consumer, LONGEST_CONSUMER)
    _check("message_id", message_id, LONGEST_ID)
    return f"{consumer}{_SEPARATOR}{message_id}"


def _check(name: str, text: str, longest: int) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if not 0 < size <= longest or not text.isprintable():
        raise InvalidValue(name, f"must be 1 to {longest} printable bytes")
