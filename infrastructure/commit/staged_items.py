"""What is staged item by item, each stored as it is by the next commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from typing_extensions import override

from infrastructure.commit.participant import Action, Commit, Participant, RecordedEvent

T = TypeVar("T")


class StagedItems(Participant, Generic[T]):
    """A participant of a unit of work.

    `put` makes the action that stores an item in a commit. `check_open` raises where nothing may be
    staged.
    """

    def __init__(self, put: Callable[[T, str], Action], check_open: Callable[[], None]) -> None:
        self._put = put
        self._check_open = check_open
        self._staged: dict[object, T] = {}

    def stage(self, item: T, key: object = None) -> None:
        """Stages an item, instead of the one that is staged under its key; None is no key."""
        self._check_open()
        self._staged[object() if key is None else key] = item

    @override
    def is_changed(self) -> bool:
        return bool(self._staged)

    @override
    def forgotten(self) -> Sequence[str]:
        return ()

    @override
    def prepare(self) -> Sequence[RecordedEvent]:
        return ()

    @override
    def actions(self, commit: Commit) -> Sequence[Action]:
        return [self._put(item, commit.id) for item in self._staged.values()]

    @override
    def committed(self) -> None:
        self.clear()

    @override
    def clear(self) -> None:
        self._staged.clear()
