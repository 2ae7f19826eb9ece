"""One side of a move, as the other code of the move sees it: items by their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from attrs import frozen
from typing_extensions import override

from domain.errors import Conflict
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.transaction.actions import ItemAction

Change = Callable[[Item | None], Item | None]
"""What becomes of an item, None for no item. What it raises ends the write before it began."""


@frozen
class Fence:
    """What lets a write through only while its writer holds the key.

    `is_up` looks, and is asked once nobody else can write to the source; `action` is the part of a
    transaction that is refused otherwise.
    """

    is_up: Callable[[], bool]
    action: ItemAction | None = None


@frozen
class KeyLost(Conflict):
    """The writer was slow and another one has the key now. Nothing was written."""

    table: str
    key: str

    @override
    def __str__(self) -> str:
        return f"{self.key} of {self.table} was taken over by another writer"


class Store(Protocol):
    """The items of one contract table in one of the two stores."""

    def read(self, key: Item) -> Item | None:
        """The item, if there is one, as acknowledged last. Raises `RowRejected`."""
        ...

    def read_last(self, key: Item) -> Item | None:
        """The same, once no earlier holder of the key can write any more. Raises `RowRejected`."""
        ...

    def change(self, key: Item, change: Change, fence: Fence) -> None:
        """Makes what `change` says of the item as it is, or removes it, in one transaction.

        Raises `KeyLost` where the fence is down: nothing was written. Raises `StorageError`, which
        tells whether it was `maybe_applied`, and `RowRejected` where the present row is no item.
        """
        ...


class Target(Store, Protocol):
    """The store whose unique values are claimed."""

    def in_the_way(self, item: Item) -> dict[str, Item]:
        """The claims that the item needs and others hold: by claim the key of who does."""
        ...

    def free(self, claim: str, key: Item, fence: Fence) -> None:
        """Removes a claim of the item of this key, unless another item has it by now.

        Raises `KeyLost`.
        """
        ...

    def mend(self, claim: str, key: Item, fence: Fence) -> bool:
        """Makes a claim what the stored item of this key says: held by it, or not.

        Whether it was otherwise. Raises `KeyLost`, and `ClaimMoved` where another item has it.
        """
        ...
