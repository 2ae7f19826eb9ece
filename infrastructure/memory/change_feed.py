"""The changes of a table in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from typing_extensions import override

from application.ports.subscriptions import Start
from infrastructure.memory.database import MemoryChange, MemoryDatabase, Record
from infrastructure.subscriptions.change_reader import ChangeKind, ChangeSource, TableChange, Turn
from infrastructure.subscriptions.leases import Checkpoint

T = TypeVar("T")

_POSITION = "position"


class MemoryChanges(ChangeSource[T]):
    """Every change since the database was made, in order, as `decode` reads its records."""

    def __init__(
        self,
        database: MemoryDatabase,
        table: str,
        decode: Callable[[Record], T | None],
        page_size: int = 100,
    ) -> None:
        self._decode = decode
        self._database = database
        self._table = table
        self._page_size = page_size
        self._position = 0
        self._given = 0

    @override
    def start_at(self, start: Start) -> None:
        is_now = start is Start.NOW
        self._position = self._database.change_count(self._table) if is_now else 0
        self._given = 0

    @override
    def resume(self, checkpoint: Checkpoint) -> None:
        """See `ChangeSource`. Nothing is ever trimmed."""
        self._position = int(checkpoint[_POSITION])
        self._given = 0

    @override
    def poll(self) -> Turn[T]:
        self._position += self._given
        changes = self._database.changes(self._table, self._position, self._page_size)
        self._given = len(changes)
        turn = Turn([_change(change) for change in changes], is_idle=not changes)
        return turn.decoded(self._decode)

    @override
    def checkpoint(self, handled: int) -> Checkpoint:
        return {_POSITION: str(self._position + handled)}


def _change(change: MemoryChange) -> TableChange[Record]:
    if change.new is None:
        kind = ChangeKind.REMOVED
    else:
        kind = ChangeKind.INSERTED if change.old is None else ChangeKind.MODIFIED
    return TableChange(kind, change.new, change.old)
