"""The DynamoDB provider as a unit of work sees it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from attrs import field, frozen
from typing_extensions import override

from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.commit.participant import TransactionFactory
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.tables.aggregates import DynamoDBAggregateTable
from infrastructure.dynamodb.tables.events import DynamoDBEventTable
from infrastructure.dynamodb.tables.inbox import DynamoDBInboxTable
from infrastructure.dynamodb.tables.outbox import DynamoDBOutboxTable
from infrastructure.dynamodb.tables.snapshots import DynamoDBSnapshotTable
from infrastructure.dynamodb.tables.tagged_events import DynamoDBTaggedEventTable
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from infrastructure.events.snapshots import SNAPSHOTS
from infrastructure.events.streams import EVENTS
from infrastructure.outbox.inbox import INBOX
from infrastructure.outbox.table import OUTBOX
from infrastructure.provider import Provider
from infrastructure.tagged_events.keys import EventKeys
from infrastructure.tagged_events.table import TAGGED_EVENTS, TAGS


@frozen
class DynamoDBProvider(Provider):
    """The tables of DynamoDB.

    `models` are those of the state-stored types, by logical table. `listing_shards` spreads each
    listing over that many keys, `outbox_shards` the index of what is not published; `event_model`
    names the keys of the events table, where `packed_events` puts each commit into one item;
    `event_keys` are those of tagged events. Making one raises
    `TypeError` where a type and its model differ, and names the attributes.
    """

    gateway: Gateway
    tables: TableNames
    models: Mapping[AggregateType[Any], type[AggregateModel]] = field(factory=dict)
    listing_shards: int = 1
    event_model: type[EventModel] = EventModel
    outbox_shards: int = 1
    event_keys: EventKeys = field(factory=EventKeys)
    packed_events: bool = False
    _aggregates: dict[str, DynamoDBAggregateTable] = field(init=False, eq=False, repr=False)

    @_aggregates.default
    def _make_aggregates(self) -> dict[str, DynamoDBAggregateTable]:
        # Once, for the comparison of type and model takes longer than a unit of work should.
        return {
            aggregate_type.name: DynamoDBAggregateTable(
                self.gateway,
                aggregate_type,
                model,
                name=self.tables.physical(aggregate_type.table),
                shards=self.listing_shards,
            )
            for aggregate_type, model in self.models.items()
        }

    @override
    def table(self, aggregate_type: AggregateType[Any]) -> DynamoDBAggregateTable:
        """See `Provider`. Raises `TypeError` for a type without a model."""
        table = self._aggregates.get(aggregate_type.name)
        if table is None:
            raise TypeError(f"no model is declared for {aggregate_type.name}")
        return table

    @override
    def events(self) -> DynamoDBEventTable:
        name = self.tables.physical(EVENTS)
        return DynamoDBEventTable(self.gateway, self.event_model, name, packed=self.packed_events)

    @override
    def tagged_events(self) -> DynamoDBTaggedEventTable:
        return DynamoDBTaggedEventTable(
            gateway=self.gateway,
            events=self.tables.physical(TAGGED_EVENTS),
            tags_table=self.tables.physical(TAGS),
            keys=self.event_keys,
        )

    @override
    def snapshots(self) -> DynamoDBSnapshotTable:
        return DynamoDBSnapshotTable(self.gateway, self.tables.physical(SNAPSHOTS))

    @override
    def outbox(self) -> DynamoDBOutboxTable:
        return DynamoDBOutboxTable(self.gateway, self.tables.physical(OUTBOX), self.outbox_shards)

    @override
    def inbox(self) -> DynamoDBInboxTable:
        return DynamoDBInboxTable(self.gateway, self.tables.physical(INBOX))

    @property
    @override
    def transaction(self) -> TransactionFactory:
        return partial(DynamoDBTransaction, self.gateway)
