"""Unique values while rows are moved: of those that want one, the lowest source key gets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import frozen

from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_keys import (
    claim_keys,
    owner_of,
    rank_of,
    source_text,
    value_text,
)
from infrastructure.migration.contract import Entity, Table
from infrastructure.migration.conversion.converter import label
from infrastructure.migration.rows import RowRejected

RUN_TIME = ""
"""The rank of a claim that service code took: the lowest. Stored."""

_WORKERS = 8


@frozen
class RowClaim:
    """What a row wants for itself: the claim `key`, for the item `owner`, at its `rank`.

    `columns`, `value` and `source` are for the people who read why the row was rejected.
    """

    key: str
    owner: str
    rank: str
    columns: str
    value: str
    source: str

    def is_held(self, holder: Item) -> bool:
        """Whether a stored claim is that of this row, or of service code for the same item."""
        is_ours = holder["owner"]["S"] == self.owner
        return is_ours and holder["rank"]["S"] in (self.rank, RUN_TIME)

    def rejection(self, holder: Item) -> RowRejected:
        """Why a row whose claim another holds is rejected."""
        source, owner = holder.get("source"), holder["owner"]["S"]
        other = f"the item {owner}" if source is None else source["S"]
        return RowRejected(self.columns, f"{self.value} is already taken by {other}")


def claims_of(
    table: Table, entity: Entity, item: Item, key: Mapping[str, object]
) -> list[RowClaim]:
    """The claims of the item that was made of the source row with this key."""
    if not table.unique:
        return []
    owner, rank = owner_of(table, item), rank_of(table, entity, key)
    return [
        RowClaim(
            key=claim,
            owner=owner,
            rank=rank,
            columns=", ".join(_label(entity, name) for name in names),
            value=value_text([item[name] for name in names]),
            source=source_text(key),
        )
        for claim, names in claim_keys(table, item).items()
    ]


class Claims:
    """The table of claims, under its physical name.

    Every write is one condition: a lower rank takes a claim over, a higher one never. So any
    order, any number of workers and any repetition leave the same owners.
    """

    def __init__(self, gateway: Gateway, table: str, workers: int = _WORKERS) -> None:
        """`workers` threads send the claims of one call."""
        self._gateway = gateway
        self._table = table
        self._workers = workers

    def take(self, claims: Iterable[RowClaim]) -> None:
        """Takes each claim, but for those that a lower rank holds. Raises `StorageError`."""
        lowest: dict[str, RowClaim] = {}
        for claim in claims:
            present = lowest.setdefault(claim.key, claim)
            if claim.rank < present.rank:
                lowest[claim.key] = claim
        if len(lowest) == 1:
            self._take(*lowest.values())
        elif lowest:
            with ThreadPoolExecutor(min(self._workers, len(lowest))) as pool:
                list(pool.map(self._take, lowest.values()))

    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        """The claims that another holds, with what that means for their rows.

        One that nobody holds, as its row changed since the claims were taken, is taken now. Raises
        `StorageError`.
        """
        holders = self._holders(claims)
        missing = [claim for claim in claims if claim.key not in holders]
        if missing:
            self.take(missing)
            holders |= self._holders(missing)
        return {
            claim: claim.rejection(holders[claim.key])
            for claim in claims
            if not claim.is_held(holders[claim.key])
        }

    def _take(self, claim: RowClaim) -> None:
        texts = {"owner": claim.owner, "rank": claim.rank, "source": claim.source}
        request = {
            "TableName": self._table,
            "Item": {"pk": {"S": claim.key}, **{name: {"S": text} for name, text in texts.items()}},
            # Of equal ranks, as it is the same row: its item may have another key by now.
            "ConditionExpression": "attribute_not_exists(pk) OR #rank >= :rank",
            "ExpressionAttributeNames": {"#rank": "rank"},
            "ExpressionAttributeValues": {":rank": {"S": claim.rank}},
        }
        try:
            self._gateway.call("PutItem", request)
        except ConditionFailed:
            return  # a lower rank holds it

    def _holders(self, claims: Iterable[RowClaim]) -> dict[str, Item]:
        keys = dict.fromkeys(claim.key for claim in claims)
        found = batch_get(self._gateway, self._table, [{"pk": {"S": key}} for key in keys])
        return {item["pk"]["S"]: item for item in found}


def _label(entity: Entity, name: str) -> str:
    attribute = entity.attribute(name)
    return name if attribute is None else label(attribute)
