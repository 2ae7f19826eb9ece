"""What a verification found."""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

from infrastructure.migration.verification.difference import Difference, Kind

MAX_TOLD = 1000
"""Differences of a table that a report lists; the others are counted."""


@define
class TableVerified:
    """What was found of one table."""

    table: str
    rows: int = 0
    rejected: int = 0
    compared: int = 0
    """Items that the source asks for, or those of them in the sample."""
    stored: int = 0
    """Items that the table holds."""
    repairs: int = 0
    """How often a key was copied once more, as it differed."""
    counts: Counter[Kind] = field(factory=Counter)
    differences: list[Difference] = field(factory=list)

    def add(self, difference: Difference) -> None:
        """Counts a difference, and keeps the first ones."""
        self.counts[difference.kind] += 1
        if len(self.differences) < MAX_TOLD:
            self.differences.append(difference)


@frozen
class Verified:
    """What was found. A stopped verification has found nothing out."""

    tables: tuple[TableVerified, ...]
    stopped: bool

    @property
    def is_equal(self) -> bool:
        """Whether the target holds exactly what the source says."""
        return not any(each.counts.total() for each in self.tables)
