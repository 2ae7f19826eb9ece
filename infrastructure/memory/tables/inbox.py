"""The inbox in memory."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from typing_extensions import override

from application.ports.inbox import MessageAlreadyHandled
from domain.errors import Conflict
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.outbox.inbox import INBOX, InboxTable, ProcessedMessage


@frozen
class MemoryInboxTable(InboxTable):
    """Processed messages. Nothing is ever removed."""

    _database: MemoryDatabase

    @override
    def has(self, key: str) -> bool:
        return self._database.has(INBOX, key)

    @override
    def put(self, processed: ProcessedMessage, commit_id: str) -> MemoryAction:
        return MemoryAction(INBOX, processed.key, {"processed": processed}, _handled(processed))


def _handled(processed: ProcessedMessage) -> Callable[[Record | None], Conflict | None]:
    error = MessageAlreadyHandled(processed.consumer, processed.message_id)
    return lambda present: None if present is None else error
