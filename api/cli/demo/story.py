"""How `dynastrata demo` is played: stories of steps, each with what it stored and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from attrs import define, frozen
from typing_extensions import override

from application.ports.clock import Clock
from infrastructure.system.clock import SystemClock

if TYPE_CHECKING:
    from api.container import Container

Step = tuple[str, Callable[[], str]]
"""What is done, and the function that does it and tells what was stored."""


@frozen
class StoryResult:
    """What is there afterwards: rows that all have the same columns. In JSON they are `name`."""

    name: str
    title: str
    rows: list[dict[str, object]]


class Story(Protocol):
    """One context's part of the demo."""

    def prepare(self) -> None:
        """Removes what an earlier demo left in the same tables, and nothing else."""
        ...

    def steps(self) -> Iterator[Step]:
        """The steps; each builds on those before."""
        ...

    def result(self) -> StoryResult:
        """What is there after the last step."""
        ...

    def ordering_keys(self) -> list[str]:
        """The ordering keys of the messages that the steps caused."""
        ...


@frozen
class Row:
    """One step: what was stored, in words, and the capacity units that it took."""

    step: str
    stored: str
    requests: int
    read_units: float
    write_units: float


@define
class DemoClock(Clock):
    """The machine's clock, set forward as the story needs."""

    ahead: timedelta = timedelta()

    @override
    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


def play(container: Container, steps: Iterable[Step]) -> Iterator[Row]:
    """Does one step after the other."""
    for name, step in steps:
        with container.meter().measure() as usage:
            stored = step()
        yield Row(name, stored, usage.requests, usage.read_units, usage.write_units)
