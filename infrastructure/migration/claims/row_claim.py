"""What a row of the source wants for itself alone."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

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


def _label(entity: Entity, name: str) -> str:
    attribute = entity.attribute(name)
    return name if attribute is None else label(attribute)
