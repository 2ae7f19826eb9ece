"""Medians, their spread, and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from attrs import frozen


@frozen
class Summary:
    """The median of some measurements, and the quartiles that half of them are between."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Of at least one measurement."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high)

    def times(self, other: Summary) -> float:
        """How many times the median of another this one is."""
        return self.median / other.median
