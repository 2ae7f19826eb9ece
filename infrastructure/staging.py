"""What is staged item by item, each stored as it is by the next commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from infrastructure.committing import Commit, RecordedEvent, commit_under_way

T = TypeVar("T")
ActionT = TypeVar("ActionT")


class StagedItems(Generic[T, ActionT]):
    """A participant of a unit of work. `put` makes the action that stores an item in a commit."""

    def __init__(self, put: Callable[[T, str], ActionT]) -> None:
        self._put = put
        self._staged: dict[object, T] = {}
        self._is_under_way = False

    def stage(self, item: T, key: object = None) -> None:
        """Stages an item, instead of the one that is staged under its key; None is no key.

        Raises `UnitOfWorkMisused` while a commit is under way.
        """
        if self._is_under_way:
            raise commit_under_way()
        self._staged[object() if key is None else key] = item

    def is_changed(self) -> bool:
        """See `Participant`."""
        return bool(self._staged)

    def forgotten(self) -> Sequence[str]:
        """See `Participant`. What is not staged is not known here."""
        return ()

    def begin(self) -> Sequence[RecordedEvent]:
        """See `Participant`."""
        self._is_under_way = True
        return ()

    def actions(self, commit: Commit) -> Sequence[ActionT]:
        """See `Participant`."""
        return [self._put(item, commit.id) for item in self._staged.values()]

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
