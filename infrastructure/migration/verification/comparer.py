"""Comparing a range of the source with what the target holds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from zlib import crc32

from attrs import define, field

from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_keys import key_of_owner, owner_of, source_text
from infrastructure.migration.claims.claim_pass import Converted
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.run.expected_items import ExpectedItems, Tally
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.tasks import Task
from infrastructure.migration.verification.difference import Difference, Kind, differing
from infrastructure.migration.verification.stored_claims import StoredClaims


@define
class Comparison:
    """A range as it is in the target. Rows that are not in the sample are in `rows` alone."""

    task: Task
    rows: int = 0
    rejected: int = 0
    items: int = 0
    """Items that should be there."""
    differences: list[Difference] = field(factory=list)


class Comparer:
    """Does tasks: compares a range, one after the other."""

    def __init__(
        self,
        contract: Contract,
        expected: ExpectedItems,
        claims: StoredClaims,
        gateway: Gateway,
        physical: Callable[[str], str],
    ) -> None:
        self._contract = contract
        self._expected = expected
        self._claims = claims
        self._gateway = gateway
        self._physical = physical

    def __call__(self, task: Task) -> Comparison:
        """How the target differs. Raises a `DynastrataError` where that cannot be told."""
        tally, compared = Tally(task), Comparison(task)
        table = self._contract.table(task.table)
        with source_failures():
            for kept in self._expected.of(task, tally):
                compared.items += len(kept)
                compared.differences += self._unclaimed(table)
                compared.differences += self._outdated(table)
                compared.differences += self._compared(table, kept)
        compared.rows, compared.rejected = tally.rows, len(tally.rejects)
        return compared

    def _unclaimed(self, table: Table) -> Iterator[Difference]:
        for claim in self._claims.missing:
            yield Difference(
                Kind.UNCLAIMED,
                table.name,
                claim.source,
                (claim.columns,),
                place=key_of_owner(table, claim.owner),
                claim=claim.key,
            )
        self._claims.missing = []

    def _outdated(self, table: Table) -> Iterator[Difference]:
        """Items of rows that have lost a claim since: such a row is to be no item."""
        taken = {claim.owner: claim for claim in self._claims.taken}
        self._claims.taken = []
        keys = [key_of_owner(table, owner) for owner in taken]
        for item in batch_get(self._gateway, self._physical(table.name), keys):
            row = taken[owner_of(table, item)].source
            place = {name: item[name] for name in table.key_names}
            yield Difference(Kind.EXTRA, table.name, row, place=place)

    def _compared(self, table: Table, kept: Sequence[Converted]) -> Iterator[Difference]:
        keys: list[Item] = [{name: item[name] for name in table.key_names} for _, item in kept]
        found = batch_get(self._gateway, self._physical(table.name), keys)
        stored = {owner_of(table, item): item for item in found}
        for (row, item), place in zip(kept, keys, strict=True):
            present = stored.get(owner_of(table, item))
            key = source_text(row.key)
            if present is None:
                yield Difference(Kind.MISSING, table.name, key, place=place)
            elif names := differing(item, present):
                yield Difference(Kind.DIFFERENT, table.name, key, names, place=place)


def in_sample(share: float, row: SourceRow) -> bool:
    """Whether a row is in the sample: always the same rows, told by their keys."""
    return crc32(source_text(row.key).encode()) < share * 2**32
