"""Making the store ready: a task of deployment, not of use cases."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


@frozen
class TableStatus:
    """One table as it is. `drift` lists how it differs from what the code expects."""

    name: str
    state: str
    drift: tuple[str, ...] = ()


class TableInitializer(Protocol):
    """Creates what is missing and leaves alone what is there."""

    def create_missing(self, *, update_existing: bool = False) -> list[str]:
        """Creates the missing tables and waits until they are ready; returns their names.

        `update_existing` also adds indexes, and turns on time-to-live and streams, where an
        existing table lacks them. Running it twice, or twice at once, is safe.
        """
        ...

    def status(self) -> list[TableStatus]:
        """Every table and its drift. Changes nothing."""
        ...

    def delete_all(self) -> list[str]:
        """Deletes every table that exists, with all data; returns their names."""
        ...
