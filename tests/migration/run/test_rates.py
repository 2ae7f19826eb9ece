"""The seconds that a run tells are those of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define
from typing_extensions import override

from infrastructure.migration.contract import Columns, Contract
from infrastructure.migration.engines.engine import MakeWork, R, Run
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.run.checkpoint import Identity
from infrastructure.migration.run.migration import Migration
from infrastructure.migration.run.work_directory import open_work
from infrastructure.migration.source.ranges import KeyRange
from infrastructure.migration.tasks import Report, Task
from tests.migration.items.making import attribute, entity, table

USERS = table(entity(attribute("id", "N", Columns(("id",)))))


@define
class Clock:
    """What the time is."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def report(self, task: Task) -> Report:
        self.now += 2
        return Report(task, rows=10, items=10, seconds=2)


class SlowToStart(ProcessEngine):
    """Its worker takes a minute to start."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(1)
        self.clock = clock

    @override
    @contextmanager
    def open(self, make_work: MakeWork[R]) -> Iterator[Run[R]]:
        with super().open(make_work) as do:

            def late(tasks: Iterable[Task]) -> Iterator[Any]:
                self.clock.now += 60
                yield from do(tasks)

            yield late


def test_the_start_of_the_workers_is_not_counted(tmp_path: Path) -> None:
    clock = Clock()
    with open_work(tmp_path, ["Users"]) as work:
        migration = Migration(
            Contract((USERS,)),
            frozenset(),
            SlowToStart(clock),
            lambda: clock.report,
            work,
            monotonic=clock,
        )
        ranges = [KeyRange(None, (5,)), KeyRange((5,), None)]
        migration.plan(Identity("users", "here", "there", "id"), lambda _: ranges)
        [users] = migration.run().tables
    assert (users.seconds, users.rows_per_second) == (4, 5)
