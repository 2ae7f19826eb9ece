"""The table of claims as a comparison reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from typing_extensions import override

from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_store import ClaimStore
from infrastructure.migration.claims.row_claim import RowClaim
from infrastructure.migration.rows import RowRejected


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
