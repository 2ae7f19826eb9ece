"""The table of claims: of those that want a value, the row with the lowest key gets it."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from typing_extensions import override

from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_store import WrittenClaims
from infrastructure.migration.claims.row_claim import RowClaim

_WORKERS = 8


class ClaimTable(WrittenClaims):
    """The table of claims, under its physical name.

    Every write is one condition: a lower rank takes a claim over, a higher one never. So any
    order, any number of workers and any repetition leave the same owners.
    """

    def __init__(self, gateway: Gateway, table: str, workers: int = _WORKERS) -> None:
        """`workers` threads send the claims of one call."""
        self._gateway = gateway
        self._table = table
        self._workers = workers

    @override
    def take(self, claims: Iterable[RowClaim]) -> None:
        """See `ClaimStore`. Raises `StorageError`."""
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

    @override
    def holders(self, claims: Iterable[RowClaim]) -> dict[str, Item]:
        """See `WrittenClaims`. Raises `StorageError`."""
        keys = dict.fromkeys(claim.key for claim in claims)
        found = batch_get(self._gateway, self._table, [{"pk": {"S": key}} for key in keys])
        return {item["pk"]["S"]: item for item in found}

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
