"""Messages as part of a unit of work: those of its events, and those added by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from application.ports.ids import IdFactory
from application.ports.outbox import OutboxMessage
from infrastructure.committing import Commit, RecordedEvent, commit_under_way
from infrastructure.message_registry import MessageRegistry
from infrastructure.outbox import Check, OutboxTable, prepare

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


class MessageAppender(Generic[ActionT]):
    """Implements `OutboxWriter` as a participant of a unit of work."""

    def __init__(self, table: OutboxTable[ActionT], ids: IdFactory, check: Check) -> None:
        self._table = table
        self._ids = ids
        self._check = check
        self._staged: list[OutboxMessage] = []
        self._is_under_way = False

    def add(self, message: OutboxMessage) -> None:
        """See `OutboxWriter`."""
        if self._is_under_way:
            raise commit_under_way()
        self._staged.append(prepare(message, self._ids, self._check))

    def is_changed(self) -> bool:
        """See `Participant`."""
        return bool(self._staged)

    def forgotten(self) -> Sequence[str]:
        """See `Participant`. What is not added is not known here."""
        return ()

    def begin(self) -> Sequence[RecordedEvent]:
        """See `Participant`."""
        self._is_under_way = True
        return ()

    def actions(self, commit: Commit) -> Sequence[ActionT]:
        """See `Participant`."""
        return [self._table.put(message, commit.id) for message in self._staged]

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
