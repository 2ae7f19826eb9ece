"""The inbox in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import frozen
from typing_extensions import override

from application.ports.inbox import MessageAlreadyHandled, Receipt
from domain.errors import Conflict
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.outbox.inbox import INBOX, InboxTable, ProcessedMessage


@frozen
class MemoryInboxTable(InboxTable):
    """Processed messages. Nothing is ever removed; receipts that are over are replaced."""

    _database: MemoryDatabase

    @override
    def has(self, key: str) -> bool:
        return self._database.has(INBOX, key)

    @override
    def receipt(self, key: str, at: datetime) -> Receipt | None:
        record = self._database.get(INBOX, key)
        if record is None:
            return None
        processed: ProcessedMessage = record["processed"]
        return None if processed.is_over(at) else processed.receipt

    @override
    def put(self, processed: ProcessedMessage, commit_id: str) -> MemoryAction:
        return MemoryAction(INBOX, processed.key, {"processed": processed}, _handled(processed))


def _handled(processed: ProcessedMessage) -> Callable[[Record | None], Conflict | None]:
    error = MessageAlreadyHandled(processed.consumer, processed.message_id)

    def refusal(present: Record | None) -> Conflict | None:
        is_free = present is None or present["processed"].is_over(processed.at)
        return None if is_free else error

    return refusal
