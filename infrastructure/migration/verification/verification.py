"""Whether the target holds what the source says, item by item and attribute by attribute."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from infrastructure.dynamodb.items import key_text
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.engines.engine import Engine, MakeWork
from infrastructure.migration.engines.stopping import Stoppable
from infrastructure.migration.run.expected_items import in_parts
from infrastructure.migration.run.outcome import Progress
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.tasks import Pass, Task
from infrastructure.migration.verification.comparer import Comparison
from infrastructure.migration.verification.difference import Difference, Kind
from infrastructure.migration.verification.strays import Strays
from infrastructure.migration.verification.verified import MAX_TOLD, TableVerified, Verified

Mend = Callable[[Sequence[Difference]], Sequence[Difference]]
"""Repairs differences, some at a time. Gives those that were none of a writer at work.

Those that it could not repair have a `reason`.
"""

MAX_ROUNDS = 5
"""A key that was repaired may let a row become an item that was rejected before."""


class Verification(Stoppable):
    """Compares every range, then counts what is there. Only reads, unless it is to `mend`.

    Where it is sampled, extra items are found only if there are more of them than rows that are no
    items; and stray claims are not looked for. Where it mends, it compares again until nothing was
    repaired, and each stored key is looked for in the source: while writers are at work, a count
    tells of what came and went.
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
        claiming: frozenset[str],
        range_size: int,
        is_sampled: bool,
        on_progress: Callable[[Progress], object] = lambda _: None,
        mend: Mend | None = None,
    ) -> None:
        """`claiming` names the tables whose rows take claims before they become items."""
        super().__init__(engine)
        self._contract = contract
        self._reader = reader
        self._strays = strays
        self._make_work = make_work
        self._claims_table = claims_table
        self._claiming = claiming
        self._range_size = range_size
        self._is_sampled = is_sampled
        self._on_progress = on_progress
        self._mend = mend
        self._found: dict[str, TableVerified] = {}
        self._repairs = Counter[str]()

    def run(self) -> Verified:
        """What it found, the last time. Raises `TaskFailed`, `SourceFailed`, and as the gateway."""
        for _ in range(MAX_ROUNDS):
            repairs = self._repairs.total()
            self._compare()
            if self._is_stopped or self._repairs.total() == repairs:
                break
        return Verified(tuple(self._found.values()), self._is_stopped)

    def _compare(self) -> None:
        self._found = {table.name: TableVerified(table.name) for table in self._contract.tables}
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
        for name, found in self._found.items():
            found.repairs = self._repairs[name]

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
        self._tell(compared.differences)

    def _tell(self, differences: Sequence[Difference]) -> None:
        if self._mend is not None:
            differences = self._mend(differences)
            repaired = {
                (each.table, key_text(each.place)) for each in differences if not each.reason
            }
            self._repairs.update(table for table, _ in repaired)
        for each in differences:
            self._found[each.table].add(each)

    def _tell_all(self, differences: Iterable[Difference]) -> None:
        for some in in_parts(differences, MAX_TOLD):
            if self._is_stopped:
                return
            self._tell(some)

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
        """What is there and should not be."""
        if self._mend is not None:
            self._tell_all(self._strays.items(table, self._reader))
        found = self._found[table.name]
        found.stored = self._strays.count(table)
        if self._mend is None or self._strays.untold[table.name]:
            self._count_extra(table, found)

    def _count_extra(self, table: Table, found: TableVerified) -> None:
        """More items than the source asks for: which, as far as their keys tell."""
        accounted = found.rows if self._is_sampled else found.compared - found.counts[Kind.MISSING]
        extra = found.stored - accounted
        if extra > 0:
            if self._mend is None:
                for each in islice(self._strays.items(table, self._reader), MAX_TOLD):
                    found.add(each)
            found.counts[Kind.EXTRA] = extra

    def _add_stray_claims(self) -> None:
        if not self._is_sampled and self._claiming:
            self._tell_all(self._strays.claims(self._claims_table))
