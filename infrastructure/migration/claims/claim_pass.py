"""Which of the rows that want a value, or a key, for themselves become items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_store import ClaimStore
from infrastructure.migration.claims.row_claim import RowClaim, claims_of
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.rows import RowRejected, SourceRow
from infrastructure.migration.tasks import Task

Converted = tuple[SourceRow, Item]
"""A row and its item."""


def claiming_tables(contract: Contract, colliding: frozenset[str]) -> frozenset[str]:
    """The tables whose rows take claims: on unique values, or on keys that may collide."""
    return colliding | {table.name for table in contract.tables if table.unique}


class ClaimPass:
    """Takes the claims of rows, and tells the rows that have lost one."""

    def __init__(
        self,
        contract: Contract,
        store: ClaimStore,
        colliding: frozenset[str],
        pacing: Pacing | None = None,
    ) -> None:
        """`colliding` names the tables in which rows could become items with the same key."""
        self._tables = {
            table.name: with_key(table) if table.name in colliding else table
            for table in contract.tables
        }
        self._store = store
        self._pacing = pacing or Pacing(None)

    def take(self, task: Task, converted: Sequence[Converted]) -> float:
        """Returns the write units this took, of which a claim takes one."""
        claims = [claim for each in self._claims(task, converted) for claim in each]
        if not claims:
            return 0.0
        self._pacing.wait()
        self._store.take(claims)
        self._pacing.spent(len(claims))
        return float(len(claims))

    def checked(
        self, task: Task, converted: Sequence[Converted]
    ) -> Iterator[tuple[Converted, RowRejected | None]]:
        """Each row, with the first claim that it has lost. All claims were taken before."""
        claims = list(self._claims(task, converted))
        wanted = [claim for each in claims for claim in each]
        lost = self._store.lost(wanted) if wanted else {}
        for each, own in zip(converted, claims, strict=True):
            yield each, next((lost[claim] for claim in own if claim in lost), None)

    def _claims(self, task: Task, converted: Sequence[Converted]) -> Iterator[list[RowClaim]]:
        table = self._tables[task.table]
        entity = table.entity(task.entity)
        for row, item in converted:
            yield claims_of(table, entity, item, row.key)


def with_key(table: Table) -> Table:
    """The table with its key among its unique values."""
    if table.key_names in table.unique:
        return table
    return evolve(table, unique=(*table.unique, table.key_names))
