"""How `dynastrata demo` is played: steps, each with what it stored and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from attrs import define, frozen

from api.container import Container
from infrastructure.clock import SystemClock

Step = tuple[str, Callable[[], str]]
"""What is done, and the function that does it and tells what was stored."""


@frozen
class Row:
    """One step: what was stored, in words, and the capacity units that it took."""

    step: str
    stored: str
    requests: int
    read_units: float
    write_units: float


@define
class DemoClock:
    """The machine's clock, set forward as the story needs."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """See the port `Clock`."""
        return SystemClock().now() + self.ahead


def play(container: Container, steps: Iterable[Step]) -> Iterator[Row]:
    """Does one step after the other."""
    for name, step in steps:
        with container.meter().measure() as usage:
            stored = step()
        yield Row(name, stored, usage.requests, usage.read_units, usage.write_units)
