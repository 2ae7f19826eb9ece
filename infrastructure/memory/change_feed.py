"""The changes of a table in memory."""

from __future__ import annotations

from application.ports.subscriptions import Start
from infrastructure.change_feed import Change, ChangeKind, Turn
from infrastructure.leases import Checkpoint
from infrastructure.memory.database import MemoryChange, MemoryDatabase, Record

_POSITION = "position"


class MemoryChanges:
    """Implements `ChangeSource`: every change since the database was made, in order."""

    def __init__(self, database: MemoryDatabase, table: str, page_size: int = 100) -> None:
        self._database = database
        self._table = table
        self._page_size = page_size
        self._position = 0
        self._given = 0

    def begin(self, start: Start) -> None:
        """See `ChangeSource`."""
        is_now = start is Start.NOW
        self._position = self._database.change_count(self._table) if is_now else 0

    def resume(self, checkpoint: Checkpoint) -> None:
        """See `ChangeSource`. Nothing is ever trimmed."""
        self._position = int(checkpoint[_POSITION])

    def poll(self) -> Turn[Record]:
        """See `ChangeSource`."""
        self._position += self._given
        changes = self._database.changes(self._table, self._position, self._page_size)
        self._given = len(changes)
        return Turn([_change(change) for change in changes], is_idle=not changes)

    def checkpoint(self, handled: int) -> Checkpoint:
        """See `ChangeSource`."""
        return {_POSITION: str(self._position + handled)}


def _change(change: MemoryChange) -> Change[Record]:
    if change.new is None:
        kind = ChangeKind.REMOVED
    else:
        kind = ChangeKind.INSERTED if change.old is None else ChangeKind.MODIFIED
    return Change(kind, change.new, change.old)
