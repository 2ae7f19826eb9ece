"""The inbox in memory."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from application.errors import MessageAlreadyHandled
from domain.errors import Conflict
from infrastructure.inbox import Receipt
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record

INBOX = "inbox"


@frozen
class MemoryInboxTable:
    """Implements `InboxTable`. Nothing is ever removed."""

    _database: MemoryDatabase

    def has(self, key: str) -> bool:
        """See `InboxTable`."""
        return self._database.has(INBOX, key)

    def put(self, receipt: Receipt, commit_id: str) -> MemoryAction:
        """See `InboxTable`."""
        return MemoryAction(INBOX, receipt.key, {"receipt": receipt}, _handled(receipt))


def _handled(receipt: Receipt) -> Callable[[Record | None], Conflict | None]:
    error = MessageAlreadyHandled(receipt.consumer, receipt.message_id)
    return lambda present: None if present is None else error
