"""A prepared write."""

from __future__ import annotations

from typing import Protocol


class Transaction(Protocol):
    """Writes everything that it was prepared for, or nothing."""

    def commit(self) -> None:
        """Writes it. May be called again after any error: it is applied at most once.

        Raises a `Conflict` where it is refused, `CommitOutcomeUnknown` where nobody can tell, or a
        `StorageError` where nothing was written.
        """
        ...
