"""Whether the target holds what the source says, item by item and attribute by attribute."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

from attrs import define, field, frozen

from infrastructure.migration.comparison import Comparison, Difference, Kind
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.engines.engine import Engine, MakeWork
from infrastructure.migration.run import Progress
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.strays import Strays
from infrastructure.migration.tasks import Pass, Task

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
    counts: Counter[Kind] = field(factory=Counter)
    differences: list[Difference] = field(factory=list)

    def add(self, differences: Iterable[Difference]) -> None:
        """Keeps the first ones; they are counted elsewhere."""
        room = MAX_TOLD - len(self.differences)
        self.differences += [each for each, _ in zip(differences, range(room), strict=False)]


@frozen
class Verified:
    """What was found. A stopped verification has found nothing out."""

    tables: tuple[TableVerified, ...]
    stopped: bool

    @property
    def is_equal(self) -> bool:
        """Whether the target holds exactly what the source says."""
        return not any(each.counts.total() for each in self.tables)


class Verification:
    """Compares every range, then counts what is there. Only reads.

    Where it is sampled, extra items are found only if there are more of them than rows that are no
    items; and stray claims are not looked for.
    """

    def __init__(
        self,
        contract: Contract,
        reader: SourceReader,
        strays: Strays,
        engine: Engine,
        make_work: MakeWork[Comparison],
        *,
        claims_table: str,
        range_size: int,
        is_sampled: bool,
        on_progress: Callable[[Progress], object] = lambda _: None,
    ) -> None:
        self._contract = contract
        self._reader = reader
        self._strays = strays
        self._engine = engine
        self._make_work = make_work
        self._claims_table = claims_table
        self._range_size = range_size
        self._is_sampled = is_sampled
        self._on_progress = on_progress
        self._is_stopped = False
        self._found = {table.name: TableVerified(table.name) for table in contract.tables}

    def run(self) -> Verified:
        """Raises `TaskFailed`, `SourceFailed`, and what the gateway raises."""
        with source_failures():
            tasks = [task for table in self._contract.tables for task in self._tasks(table)]
        ranges, done = Counter(task.table for task in tasks), Counter[str]()
        seconds, last = dict.fromkeys(ranges, 0.0), time.monotonic()
        with self._engine.open(self._make_work) as do:
            for compared in do(tasks):
                table = compared.task.table
                self._add(compared)
                done[table] += 1
                now = time.monotonic()
                seconds[table], last = seconds[table] + now - last, now
                self._on_progress(self._progress(table, ranges[table], done[table], seconds[table]))
        if not self._is_stopped:
            for each in self._contract.tables:
                self._count(each)
            self._add_stray_claims()
        return Verified(tuple(self._found.values()), self._is_stopped)

    def stop(self) -> None:
        """`run` returns once the tasks under way are ended. For any thread."""
        self._is_stopped = True
        self._engine.stop()

    def kill(self) -> None:
        """Ends the tasks under way, too. For any thread."""
        self._is_stopped = True
        self._engine.kill()

    @property
    def is_late(self) -> bool:
        """Never: whoever runs it looks on."""
        return False

    def _tasks(self, table: Table) -> list[Task]:
        return [
            Task(table.name, entity.name, number, each.after, each.up_to, Pass.ITEMS)
            for entity in table.entities
            for number, each in enumerate(self._reader.plan(entity, self._range_size))
        ]

    def _add(self, compared: Comparison) -> None:
        found = self._found[compared.task.table]
        found.rows += compared.rows
        found.rejected += compared.rejected
        found.compared += compared.items
        found.counts += compared.counts
        found.add(compared.differences)

    def _progress(self, table: str, ranges: int, done: int, seconds: float) -> Progress:
        return Progress(
            table=table,
            step=Pass.ITEMS,
            ranges=ranges,
            ranges_done=done,
            ranges_of_this_run=done,
            rows=self._found[table].rows,
            seconds=seconds,
        )

    def _count(self, table: Table) -> None:
        """More items than the source asks for: which, as far as their keys tell."""
        found = self._found[table.name]
        found.stored = self._strays.count(table)
        accounted = found.rows if self._is_sampled else found.compared - found.counts[Kind.MISSING]
        extra = found.stored - accounted
        if extra > 0:
            found.counts[Kind.EXTRA] = extra
            found.add(self._strays.items(table, self._reader))

    def _add_stray_claims(self) -> None:
        if self._is_sampled or not any(table.unique for table in self._contract.tables):
            return
        for each in self._strays.claims(self._claims_table):
            self._found[each.table].counts[Kind.STRAY_CLAIM] += 1
            self._found[each.table].add([each])
