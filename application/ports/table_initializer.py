"""Making the store ready: a task of deployment, not of use cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from attrs import frozen


@frozen
class TableStatus:
    """One table as it is. `drift` lists how it differs from what the code expects.

    `unusable` is the part of the drift without which reads fail: an index that is missing, has
    other keys, or is still being filled.
    """

    name: str
    state: str
    drift: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


@frozen
class TableChange:
    """What happens to a table that was there, in words: `index listing added`.

    It is done, or takes a while yet.
    """

    table: str
    what: str
    is_done: bool


def untold(_: TableChange) -> None:
    """Tells nobody."""


class TableInitializer(Protocol):
    """Creates what is missing and leaves alone what is there."""

    def create_missing(
        self, *, update_existing: bool = False, tell: Callable[[TableChange], None] = untold
    ) -> list[str]:
        """Creates the missing tables and waits until they are ready; returns their names.

        `update_existing` also adds indexes and waits until they are filled, and turns on
        time-to-live and streams, where an existing table lacks them. `tell` hears of each such
        change, and now and then that an index is still being filled. What a table has otherwise
        than expected stays so. Running it twice, or twice at once, is safe; one that is ended goes
        on where it is run again.
        """
        ...

    def status(self) -> list[TableStatus]:
        """Every table and its drift. Changes nothing."""
        ...

    def delete_all(self) -> list[str]:
        """Deletes every table that exists, with all data; returns their names."""
        ...
