"""What a run has measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from scripts.bench.processes import Taken
from scripts.bench.statistics import Summary


@frozen
class Figure:
    """The seconds of processor and of wall time that a peer takes for one operation."""

    cpu: Summary
    wall: Summary

    @classmethod
    def of(cls, taken: Sequence[Taken]) -> Figure:
        """Of at least one measurement."""
        return cls(
            cpu=Summary.of([each.cpu for each in taken]),
            wall=Summary.of([each.wall for each in taken]),
        )


@frozen
class Units:
    """What one operation of a peer costs: requests, and capacity units."""

    requests: int
    read_units: float
    write_units: float


Figures = Mapping[str, Mapping[str, Figure]]
"""By the titles of operation and peer. The first peer is the bare call, where it has an answer."""


@frozen
class Results:
    """All of a run, by titles. `memory` is the peak of a process that read one user, in bytes."""

    date: str
    machine: str
    figures: Figures
    memory: Mapping[str, Summary]
    units: Mapping[str, Mapping[str, Units]]
