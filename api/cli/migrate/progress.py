"""How far a migration is: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from api.cli.output import counted, tell

if TYPE_CHECKING:
    from infrastructure.migration.run.outcome import Progress as Told

_SECONDS_APART = 10.0
"""Between two lines of a pass, where there is no terminal."""


@contextmanager
def showing() -> Iterator[Callable[[Told], None]]:
    """Yields what shows how far each pass over each table is."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("ranges, {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, markup=False)) as progress:
        yield _Bars(progress).show


class _Bars:
    """A bar for each pass over each table."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, told: Told) -> None:
        name = f"{told.table}, {told.step}"
        if name not in self._bars:
            done = told.ranges_done - 1
            total = told.ranges
            self._bars[name] = self._progress.add_task(name, total=total, completed=done, rate="")
        self._progress.update(self._bars[name], completed=told.ranges_done, rate=_rate(told))


class _Lines:
    """A line when a pass over a table ends, and now and then before."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def show(self, told: Told) -> None:
        now = time.monotonic()
        if told.ranges_done < told.ranges and now < self._told_at + _SECONDS_APART:
            return
        self._told_at = now
        done = f"{told.ranges_done} of {counted(told.ranges, 'range')}"
        tell(f"{told.table}, {told.step}: {done}, {_rate(told)}{_remaining(told)}")


def _rate(told: Told) -> str:
    return f"{told.rows / told.seconds:,.0f} rows/s" if told.seconds else ""


def _remaining(told: Told) -> str:
    left = told.ranges - told.ranges_done
    if not left or not told.ranges_of_this_run:
        return ""
    return f", about {told.seconds / told.ranges_of_this_run * left:,.0f} s left"
