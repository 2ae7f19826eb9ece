"""The bulk copy of a table that moves, and what finds and repairs what that has spoiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from attrs import frozen
from typing_extensions import override

from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_pass import ClaimPass, claiming_tables
from infrastructure.migration.claims.claim_table import ClaimTable
from infrastructure.migration.contract import Contract
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.phases.recopying import recopy
from infrastructure.migration.phases.source_table import SourceTable
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.repository.item_writer import ItemWriter
from infrastructure.migration.run.checkpoint import Identity
from infrastructure.migration.run.expected_items import ExpectedItems
from infrastructure.migration.run.migration import Migration
from infrastructure.migration.run.work_directory import open_work
from infrastructure.migration.run.worker import Worker
from infrastructure.migration.targets.tables import TableTarget
from infrastructure.migration.targets.target import Target, WriteItems
from infrastructure.migration.tasks import Task
from infrastructure.migration.verification.comparer import Comparer
from infrastructure.migration.verification.stored_claims import StoredClaims
from infrastructure.migration.verification.strays import Strays
from infrastructure.migration.verification.verification import Verification
from tests.migration.phases.moving import PEOPLE, Moving
from tests.migration.phases.tables import TABLE

CONTRACT = Contract((PEOPLE,))
NONE_COLLIDE: frozenset[str] = frozenset()


@frozen
class Late(Target):
    """A target that gets what was read before something else happened."""

    _target: Target
    _between: Callable[[], object]

    @override
    @contextmanager
    def open(self, task: Task) -> Iterator[WriteItems]:
        with self._target.open(task) as write:

            def late(items: Sequence[Item]) -> float:
                self._between()
                return write(items)

            yield late


def copy_in_bulk(moving: Moving, path: Path, between: Callable[[], object] = lambda: None) -> None:
    """As `migrate run`, which reads all and writes it later, whatever was written `between`."""
    source, writer = _sides(moving)
    claims = ClaimPass(CONTRACT, ClaimTable(writer.gateway, writer.claims), NONE_COLLIDE)
    expected = ExpectedItems(CONTRACT, source.rows._schema, source.reader, claims)
    target = Late(TableTarget(writer.gateway, lambda _: writer.name, Pacing(None)), between)
    claiming = claiming_tables(CONTRACT, NONE_COLLIDE)
    with open_work(path, [TABLE]) as work:
        migration = Migration(
            CONTRACT, claiming, ProcessEngine(1), lambda: Worker(expected, claims, target), work
        )
        migration.plan(
            Identity("people", "here", "there", "id"), lambda e: source.reader.plan(e, 100)
        )
        migration.run()


def verification(moving: Moving, *, repair: bool) -> Verification:
    """As `migrate verify`, with or without `--repair`."""
    source, writer = _sides(moving)
    schema, gateway = source.rows._schema, writer.gateway
    stored = StoredClaims(gateway, writer.claims)
    expected = ExpectedItems(
        CONTRACT, schema, source.reader, ClaimPass(CONTRACT, stored, NONE_COLLIDE)
    )
    return Verification(
        CONTRACT,
        source.reader,
        Strays(CONTRACT, schema, gateway, lambda _: writer.name),
        ProcessEngine(1),
        lambda: Comparer(CONTRACT, expected, stored, gateway, lambda _: writer.name),
        claims_table=writer.claims,
        claiming=claiming_tables(CONTRACT, NONE_COLLIDE),
        range_size=100,
        is_sampled=False,
        mend=partial(recopy, {TABLE: moving.process()}) if repair else None,
    )


def _sides(moving: Moving) -> tuple[SourceTable, ItemWriter]:
    assert isinstance(moving.move.source, SourceTable)
    assert isinstance(moving.move.target, TargetTable)
    return moving.move.source, moving.move.target.writer
