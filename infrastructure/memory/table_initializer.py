"""Memory needs no tables."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from application.ports.table_initializer import (
    TableChange,
    TableInitializer,
    TableStatus,
    untold,
)


class MemoryTableInitializer(TableInitializer):
    """There is nothing to create, to check or to delete."""

    @override
    def create_missing(
        self, *, update_existing: bool = False, tell: Callable[[TableChange], None] = untold
    ) -> list[str]:
        """Nothing is missing."""
        return []

    @override
    def status(self) -> list[TableStatus]:
        """There are no tables."""
        return []

    @override
    def delete_all(self) -> list[str]:
        """There is nothing to delete."""
        return []
