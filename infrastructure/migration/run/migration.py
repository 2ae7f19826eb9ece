"""A migration: planned in ranges, done by an engine, and resumed where it was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from attrs import define, field, frozen

from domain.errors import DynastrataError
from infrastructure.migration.contract import Contract, Entity, Table
from infrastructure.migration.engines.engine import Engine, MakeWork, Run, task_name
from infrastructure.migration.engines.stopping import Stoppable
from infrastructure.migration.run.checkpoint import Identity, Plan
from infrastructure.migration.run.outcome import Outcome, Progress, TableOutcome
from infrastructure.migration.run.work_directory import REJECTS, WorkDirectory
from infrastructure.migration.source.ranges import KeyRange
from infrastructure.migration.tasks import Pass, Report


@frozen
class CountsDiffer(DynastrataError):
    """A worker read more or fewer rows than became items and rejects: a mistake in this program."""

    task: str
    rows: int
    items: int
    rejected: int

    def __str__(self) -> str:
        return f"{self.task}: {self.rows} rows, but {self.items} items and {self.rejected} rejects"


@frozen
class TooManyRejects(DynastrataError):
    """More rows were rejected than is allowed. What stands is saved."""

    rejected: int
    allowed: int
    directory: str

    def __str__(self) -> str:
        rows = "row is" if self.rejected == 1 else "rows are"
        return (
            f"{self.rejected} {rows} rejected, {self.allowed} are allowed: {self.directory}/"
            f"{REJECTS} says which and why; a greater --max-rejects goes on"
        )


@define
class _Clocked:
    """What was done for a table: before this run, and by it."""

    before: Counter[Pass]
    seconds: dict[Pass, float] = field(factory=lambda: dict.fromkeys(Pass, 0.0))
    rows: Counter[Pass] = field(factory=Counter)
    ranges: Counter[Pass] = field(factory=Counter)


class Migration(Stoppable):
    """One run. Everything it needs is given; it writes nothing but its work directory."""

    def __init__(
        self,
        contract: Contract,
        claiming: frozenset[str],
        engine: Engine,
        make_work: MakeWork[Report],
        work: WorkDirectory,
        *,
        max_rejects: int | None = None,
        on_progress: Callable[[Progress], object] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`claiming` names the tables whose rows take claims before they become items."""
        super().__init__(engine)
        self._contract = contract
        self._claiming = claiming
        self._make_work = make_work
        self._work = work
        self._max_rejects = max_rejects
        self._on_progress = on_progress
        self._monotonic = monotonic
        self._rejected = work.rejected
        self._clocked = {
            table: _Clocked(Counter(done.step for done in checkpoint.done))
            for table, checkpoint in work.checkpoints.items()
        }

    def plan(self, identity: Identity, ranges_of: Callable[[Entity], Sequence[KeyRange]]) -> None:
        """Plans the tables that no run has planned. Raises `AnotherMigration`."""
        for checkpoint in self._work.checkpoints.values():
            checkpoint.check(identity)
        for table in self._contract.tables:
            checkpoint = self._work.checkpoints[table.name]
            if checkpoint.plan is None:
                ranges = {each.name: tuple(ranges_of(each)) for each in table.entities}
                checkpoint.begin(Plan(identity, ranges))

    def run(self) -> Outcome:
        """Does what is left. Raises `TooManyRejects`, `TaskFailed`, `CountsDiffer`."""
        self._check_rejects()
        with self._engine.open(self._make_work) as do:
            for step in Pass:
                self._pass(do, step)
        self._check_rejects()
        return Outcome(tuple(map(self._outcome, self._contract.tables)), self._is_stopped)

    def _pass(self, do: Run[Report], step: Pass) -> None:
        tasks = [
            task
            for table, checkpoint in self._work.checkpoints.items()
            if step is Pass.ITEMS or table in self._claiming
            for task in checkpoint.tasks(step)
        ]
        last: float | None = None
        for report in do(tasks):
            self._work.add(_checked(report))
            now = self._monotonic()
            # Workers may take seconds to start: the time of a pass begins with its first range.
            self._count(report, report.seconds if last is None else now - last)
            last = now

    def _count(self, report: Report, seconds: float) -> None:
        task, clocked = report.task, self._clocked[report.task.table]
        clocked.seconds[task.step] += seconds
        clocked.rows[task.step] += report.rows
        clocked.ranges[task.step] += 1
        self._rejected += len(report.rejects)
        if self._has_too_many_rejects:
            self._engine.stop()
        self._on_progress(self._progress(task.table, task.step, clocked))

    def _progress(self, table: str, step: Pass, clocked: _Clocked) -> Progress:
        return Progress(
            table=table,
            step=step,
            ranges=self._work.checkpoints[table].ranges,
            ranges_done=clocked.before[step] + clocked.ranges[step],
            ranges_of_this_run=clocked.ranges[step],
            rows=clocked.rows[step],
            seconds=clocked.seconds[step],
        )

    def _outcome(self, table: Table) -> TableOutcome:
        checkpoint, clocked = self._work.checkpoints[table.name], self._clocked[table.name]
        items = [done for done in checkpoint.done if done.step is Pass.ITEMS]
        seconds = sum(clocked.seconds.values())
        passes = 2 if table.name in self._claiming else 1
        return TableOutcome(
            table=table.name,
            rows=sum(done.rows for done in items),
            items=sum(done.items for done in items),
            rejected=sum(done.rejected for done in items),
            item_bytes=sum(done.item_bytes for done in items),
            write_units=sum(done.write_units for done in checkpoint.done),
            seconds=seconds,
            rows_per_second=clocked.rows[Pass.ITEMS] / seconds if seconds else 0.0,
            ranges=checkpoint.ranges * passes,
            resumed_from=clocked.before.total(),
        )

    @property
    def _has_too_many_rejects(self) -> bool:
        return self._max_rejects is not None and self._rejected > self._max_rejects

    def _check_rejects(self) -> None:
        if self._max_rejects is not None and self._has_too_many_rejects:
            raise TooManyRejects(self._rejected, self._max_rejects, str(self._work.path))


def _checked(report: Report) -> Report:
    items, rejected = report.items, len(report.rejects)
    if report.task.step is Pass.ITEMS and report.rows != items + rejected:
        raise CountsDiffer(task_name(report.task), report.rows, items, rejected)
    return report
