"""Comparing a range of the source with what the target holds of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zlib import crc32

from attrs import define, field, frozen
from typing_extensions import override

from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item, Value
from infrastructure.migration.claim_keys import owner_of, source_text
from infrastructure.migration.claim_pass import Converted
from infrastructure.migration.claim_stores import ClaimStore
from infrastructure.migration.claims import RowClaim
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.expected_items import ExpectedItems, Tally
from infrastructure.migration.rows import RowRejected, SourceRow
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.tasks import Task

MAX_TOLD = 100
"""Differences of one range that are told; the others are counted."""


class Kind(StrEnum):
    """What is wrong with an item, or with a claim."""

    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"
    UNCLAIMED = "unclaimed"
    STRAY_CLAIM = "stray claim"


@frozen
class Difference:
    """An item that is not as the source says. `key` is its row's, or its own where it has none."""

    kind: Kind
    table: str
    key: str
    attributes: tuple[str, ...] = ()


@define
class Comparison:
    """A range as it is in the target. Rows that are not in the sample are in `rows` alone."""

    task: Task
    rows: int = 0
    rejected: int = 0
    items: int = 0
    """Items that should be there."""
    counts: Counter[Kind] = field(factory=Counter)
    differences: list[Difference] = field(factory=list)

    def add(self, difference: Difference) -> None:
        """Counts a difference, and keeps the first ones."""
        self.counts[difference.kind] += 1
        if len(self.differences) < MAX_TOLD:
            self.differences.append(difference)


class StoredClaims(ClaimStore):
    """The table of claims, only read. `missing` are claims that nobody holds."""

    def __init__(self, gateway: Gateway, table: str) -> None:
        self._gateway = gateway
        self._table = table
        self.missing: list[RowClaim] = []

    @override
    def take(self, claims: Iterable[RowClaim]) -> None:
        """Nothing is taken."""

    @override
    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        keys: list[Item] = [{"pk": {"S": key}} for key in dict.fromkeys(c.key for c in claims)]
        found = batch_get(self._gateway, self._table, keys)
        holders = {item["pk"]["S"]: item for item in found}
        self.missing = [claim for claim in claims if claim.key not in holders]
        return {
            claim: claim.rejection(holders[claim.key])
            for claim in claims
            if claim.key in holders and not claim.is_held(holders[claim.key])
        }


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
                for difference in (*self._unclaimed(table), *self._compared(table, kept)):
                    compared.add(difference)
        compared.rows, compared.rejected = tally.rows, len(tally.rejects)
        return compared

    def _unclaimed(self, table: Table) -> Iterator[Difference]:
        for claim in self._claims.missing:
            yield Difference(Kind.UNCLAIMED, table.name, claim.source, (claim.columns,))
        self._claims.missing = []

    def _compared(self, table: Table, kept: Sequence[Converted]) -> Iterator[Difference]:
        keys: list[Item] = [{name: item[name] for name in table.key_names} for _, item in kept]
        found = batch_get(self._gateway, self._physical(table.name), keys)
        stored = {owner_of(table, item): item for item in found}
        for row, item in kept:
            present = stored.get(owner_of(table, item))
            key = source_text(row.key)
            if present is None:
                yield Difference(Kind.MISSING, table.name, key)
            elif names := differing(item, present):
                yield Difference(Kind.DIFFERENT, table.name, key, names)


def differing(one: Item, other: Item) -> tuple[str, ...]:
    """The attributes that are not the same in both, absent ones included."""
    names = sorted(one.keys() | other.keys())
    return tuple(n for n in names if _canonical(one.get(n)) != _canonical(other.get(n)))


def in_sample(share: float, row: SourceRow) -> bool:
    """Whether a row is in the sample: always the same rows, told by their keys."""
    return crc32(source_text(row.key).encode()) < share * 2**32


def _canonical(value: Value | None) -> Any:
    """The same for values that are the same: sets have no order, and numbers many texts."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    return kind, _content(kind, content)


def _content(kind: str, content: Any) -> Any:
    match kind:
        case "N":
            return Decimal(content)
        case "NS":
            return frozenset(map(Decimal, content))
        case "SS" | "BS":
            return frozenset(content)
        case "L":
            return list(map(_canonical, content))
        case "M":
            members: Mapping[str, Value] = content
            return {name: _canonical(member) for name, member in members.items()}
        case _:
            return content
