"""Comparing a range of the source with what the target holds of it."""

from __future__ import annotations

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
from infrastructure.migration.claims.claim_file import ClaimStore
from infrastructure.migration.claims.claim_keys import key_of_owner, owner_of, source_text
from infrastructure.migration.claims.claim_pass import Converted
from infrastructure.migration.claims.claim_table import RowClaim
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.rows import RowRejected, SourceRow
from infrastructure.migration.run.expected_items import ExpectedItems, Tally
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.tasks import Task


class Kind(StrEnum):
    """What is wrong with an item, or with a claim."""

    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"
    UNCLAIMED = "unclaimed"
    STRAY_CLAIM = "stray claim"


@frozen
class Difference:
    """An item that is not as the source says. `key` is its row's, or its own where it has none.

    `place` is the key of the item, `claim` that of the claim which it should hold or should not.
    `reason` tells why it could not be repaired, where that was asked for.
    """

    kind: Kind
    table: str
    key: str
    attributes: tuple[str, ...] = ()
    reason: str = ""
    place: Item = field(factory=dict, eq=False, repr=False)
    claim: str = field(default="", repr=False)


@define
class Comparison:
    """A range as it is in the target. Rows that are not in the sample are in `rows` alone."""

    task: Task
    rows: int = 0
    rejected: int = 0
    items: int = 0
    """Items that should be there."""
    differences: list[Difference] = field(factory=list)


class StoredClaims(ClaimStore):
    """The table of claims, only read.

    `missing` are claims that nobody holds, `taken` those on values that another item has.
    """

    def __init__(self, gateway: Gateway, table: str) -> None:
        self._gateway = gateway
        self._table = table
        self.missing: list[RowClaim] = []
        self.taken: list[RowClaim] = []

    @override
    def take(self, claims: Iterable[RowClaim]) -> None:
        """Nothing is taken."""

    @override
    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        keys: list[Item] = [{"pk": {"S": key}} for key in dict.fromkeys(c.key for c in claims)]
        found = batch_get(self._gateway, self._table, keys)
        holders = {item["pk"]["S"]: item for item in found}
        self.missing = [claim for claim in claims if claim.key not in holders]
        lost = [c for c in claims if c.key in holders and not c.is_held(holders[c.key])]
        # An item whose own key was lost is that of another row.
        others = {c.owner for c in lost if holders[c.key]["owner"]["S"] == c.owner}
        self.taken = [claim for claim in lost if claim.owner not in others]
        return {claim: claim.rejection(holders[claim.key]) for claim in lost}


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
