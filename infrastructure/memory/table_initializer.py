"""Memory needs no tables."""

from __future__ import annotations

from application.ports.table_initializer import TableStatus


class MemoryTableInitializer:
    """Implements `TableInitializer`: there is nothing to create, to check or to delete."""

    def create_missing(self, *, update_existing: bool = False) -> list[str]:
        """Nothing is missing."""
        return []

    def status(self) -> list[TableStatus]:
        """There are no tables."""
        return []

    def delete_all(self) -> list[str]:
        """There is nothing to delete."""
        return []
