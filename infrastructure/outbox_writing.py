"""Messages as part of a unit of work: those of its events, and those added by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from application.ports.ids import IdFactory
from application.ports.outbox import OutboxMessage
from infrastructure.committing import Commit
from infrastructure.message_registry import MessageRegistry
from infrastructure.outbox import Check, OutboxTable, prepare
from infrastructure.staging import StagedItems

ActionT = TypeVar("ActionT")


class EventMessages(Generic[ActionT]):
    """Stores the messages of a commit's events with it, see `committing.Follow`."""

    def __init__(
        self, table: OutboxTable[ActionT], registry: MessageRegistry, ids: IdFactory, check: Check
    ) -> None:
        self._table = table
        self._registry = registry
        self._ids = ids
        self._check = check

    def __call__(self, commit: Commit) -> Sequence[ActionT]:
        """The actions that add them. Raises what `Outbox.add` raises."""
        messages = self._registry.messages(commit)
        prepared = [prepare(message, self._ids, self._check) for message in messages]
        return [self._table.put(message, commit.id) for message in prepared]


class MessageAppender(StagedItems[OutboxMessage, ActionT]):
    """Implements `OutboxWriter` as a participant of a unit of work."""

    def __init__(self, table: OutboxTable[ActionT], ids: IdFactory, check: Check) -> None:
        super().__init__(table.put)
        self._ids = ids
        self._check = check

    def add(self, message: OutboxMessage) -> None:
        """See `OutboxWriter`."""
        self.stage(prepare(message, self._ids, self._check))
