"""Windows of time in which failures are counted, as both providers store them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

FAILURES = "failures"
"""The logical name of the table."""


@frozen
class FailureWindow:
    """So many failures, which count until then."""

    failures: int
    until: datetime


class FailureTable(Protocol):
    """Where failures are counted, under each key in one window after the other.

    A window that ends after `latest` was begun by a clock far ahead, and does not run.
    """

    def add(
        self, key: str, amount: int, *, now: datetime, latest: datetime, until: datetime
    ) -> int:
        """Counts in the window that runs, or else in a new one which ends at `until`.

        Returns how many there are in it. Never loses one; after a lost answer it may count one
        twice. Timestamps are whole seconds.
        """
        ...

    def window(self, key: str, *, now: datetime, latest: datetime) -> FailureWindow | None:
        """The window that runs (strongly consistent)."""
        ...
