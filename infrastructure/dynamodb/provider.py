"""The DynamoDB provider as a unit of work sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from infrastructure.aggregates import AggregateType
from infrastructure.dynamodb.actions import Action
from infrastructure.dynamodb.aggregate_table import DynamoDBAggregateTable
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.models import MODELS
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.dynamodb.tables import Tables
from infrastructure.dynamodb.transaction import Transaction


@frozen
class DynamoDBProvider:
    """Implements `Provider`. `listing_shards` spreads each listing over that many keys."""

    gateway: Gateway
    tables: Tables
    listing_shards: int = 1

    def table(self, aggregate_type: AggregateType[Any]) -> DynamoDBAggregateTable:
        """See `Provider`. Raises `TypeError` for a type without a model that fits it."""
        model = MODELS.get(aggregate_type.table)
        if model is None or not issubclass(model, AggregateModel):
            raise TypeError(f"no aggregate model for table {aggregate_type.table!r} in MODELS")
        return DynamoDBAggregateTable(
            self.gateway,
            aggregate_type,
            model,
            name=self.tables.physical(aggregate_type.table),
            shards=self.listing_shards,
        )

    def begin(self, commit_id: str, actions: Sequence[Action]) -> Transaction:
        """See `Provider`."""
        return Transaction(self.gateway, self.tables, commit_id, actions)
