"""The DynamoDB provider as a unit of work sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from infrastructure.aggregates import AggregateType
from infrastructure.dynamodb.actions import Action
from infrastructure.dynamodb.aggregate_table import DynamoDBAggregateTable
from infrastructure.dynamodb.event_table import DynamoDBEventTable
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.inbox_table import DynamoDBInboxTable
from infrastructure.dynamodb.models import MODELS
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.models.snapshots import SnapshotModel
from infrastructure.dynamodb.outbox_table import DynamoDBOutboxTable
from infrastructure.dynamodb.snapshot_table import DynamoDBSnapshotTable
from infrastructure.dynamodb.tables import Tables
from infrastructure.dynamodb.transaction import Transaction


@frozen
class DynamoDBProvider:
    """Implements `Provider`.

    `listing_shards` spreads each listing over that many keys, `outbox_shards` the index of what is
    not published; `event_model` names the keys of the events table.
    """

    gateway: Gateway
    tables: Tables
    listing_shards: int = 1
    event_model: type[EventModel] = EventModel
    outbox_shards: int = 1

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

    def events(self) -> DynamoDBEventTable:
        """See `Provider`."""
        name = self.tables.physical(self.event_model.Meta.table_name)
        return DynamoDBEventTable(self.gateway, self.event_model, name)

    def snapshots(self) -> DynamoDBSnapshotTable:
        """See `Provider`."""
        name = self.tables.physical(SnapshotModel.Meta.table_name)
        return DynamoDBSnapshotTable(self.gateway, name)

    def outbox(self) -> DynamoDBOutboxTable:
        """See `Provider`."""
        name = self.tables.physical(OutboxModel.Meta.table_name)
        return DynamoDBOutboxTable(self.gateway, name, self.outbox_shards)

    def inbox(self) -> DynamoDBInboxTable:
        """See `Provider`."""
        return DynamoDBInboxTable(self.gateway, self.tables.physical(InboxModel.Meta.table_name))

    def begin(self, commit_id: str, actions: Sequence[Action]) -> Transaction:
        """See `Provider`."""
        return Transaction(self.gateway, self.tables, commit_id, actions)
