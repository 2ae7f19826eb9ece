"""From settings to the adapters of DynamoDB."""

from __future__ import annotations

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.outbox import Outbox
from application.relay import Relay
from infrastructure.dynamodb.change_feed.positions import StreamRecord
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.change_feed.tail import change_of
from infrastructure.dynamodb.checkpoint_table import DynamoDBCheckpointTable
from infrastructure.dynamodb.client import make_client
from infrastructure.dynamodb.event_items import to_record
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models import MODELS
from infrastructure.dynamodb.models.checkpoints import CHECKPOINTS
from infrastructure.dynamodb.models.events import EVENTS, EventModel, event_model
from infrastructure.dynamodb.models.outbox import OUTBOX
from infrastructure.dynamodb.outbox_items import message_of_image
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.retry import RetryPolicy
from infrastructure.dynamodb.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.tables import Tables
from infrastructure.event_subscription import StoredEventSubscriptions
from infrastructure.leases import CheckpointTable
from infrastructure.metering import Meter
from infrastructure.relaying import BatchRelay, Identified, OutboxChanges
from infrastructure.settings import Settings
from infrastructure.unit_of_work import EventOptions


def make_gateway(settings: Settings, meter: Meter, service: str = "dynamodb") -> Gateway:
    """The door to one service of DynamoDB. Raises `SettingsError` where no region is set."""
    retry = RetryPolicy(
        attempts=settings.retry_attempts,
        base=settings.retry_base_seconds,
        throttling_base=settings.throttling_base_seconds,
        cap=settings.retry_cap_seconds,
        deadline=settings.call_deadline_seconds,
    )
    # Local engines report read units that are too low, so these are reckoned by the rules.
    trusted = not settings.uses_local_engine
    return Gateway(make_client(settings, service), meter, retry, trust_read_units=trusted)


def make_tables(settings: Settings) -> Tables:
    """Where the tables are."""
    overrides = {
        "users": settings.users_table,
        "events": settings.events_table,
        "snapshots": settings.snapshots_table,
        "checkpoints": settings.checkpoints_table,
        "outbox": settings.outbox_table,
        "inbox": settings.inbox_table,
    }
    return Tables(settings.table_prefix, overrides)


def make_event_model(settings: Settings) -> type[EventModel]:
    """The model of the events table, with its keys as they are named."""
    return event_model(
        partition_key=settings.events_partition_key,
        sort_key=settings.events_sort_key,
        streams_enabled=settings.events_streams_enabled,
    )


def make_provider(
    settings: Settings, gateway: Gateway, tables: Tables, events: type[EventModel]
) -> DynamoDBProvider:
    """The provider of units of work."""
    return DynamoDBProvider(
        gateway, tables, settings.listing_shards, events, settings.outbox_shards
    )


def make_table_initializer(
    settings: Settings, gateway: Gateway, tables: Tables, events: type[EventModel]
) -> DynamoDBTableInitializer:
    """What creates every table of every model."""
    models = {**MODELS, EVENTS: events}
    schemas = [TableSchema(model, tables.physical(name)) for name, model in models.items()]
    capacity = Capacity(settings.billing_mode, settings.read_capacity, settings.write_capacity)
    return DynamoDBTableInitializer(gateway, schemas, capacity)


def make_outbox_changes(
    settings: Settings, store: DynamoDBProvider, clock: Clock
) -> OutboxChanges[Item]:
    """The changes of the outbox, from its stream."""
    streams = make_gateway(settings, store.gateway.meter, "dynamodbstreams")
    stream = TableStream(store.tables.physical(OUTBOX), store.gateway, streams)
    return OutboxChanges(lambda: TableChanges(stream, clock), message_of_image)


def make_batch_relay(relay: Relay, outbox: Outbox) -> BatchRelay[StreamRecord, Item]:
    """A relay for the batches of stream records that AWS Lambda hands over."""
    return BatchRelay(
        identify=lambda record: Identified(record["dynamodb"]["SequenceNumber"], change_of(record)),
        to_message=message_of_image,
        relay=relay,
        outbox=outbox,
    )


def make_checkpoints(store: DynamoDBProvider) -> DynamoDBCheckpointTable:
    """Where leases and checkpoints are."""
    return DynamoDBCheckpointTable(store.gateway, store.tables.physical(CHECKPOINTS))


def make_subscriptions(
    settings: Settings,
    store: DynamoDBProvider,
    options: EventOptions,
    *,
    checkpoints: CheckpointTable,
    clock: Clock,
    ids: IdFactory,
) -> StoredEventSubscriptions[Item]:
    """Subscriptions over the stream of the events table."""
    gateway, model = store.gateway, store.event_model
    streams = make_gateway(settings, gateway.meter, "dynamodbstreams")
    stream = TableStream(store.tables.physical(EVENTS), gateway, streams)
    return StoredEventSubscriptions(
        table=EVENTS,
        source=lambda: TableChanges(stream, clock),
        to_record=lambda item: to_record(item, model),
        events=store.events(),
        registry=options.registry,
        checkpoints=checkpoints,
        clock=clock,
        ids=ids,
        poll_interval=settings.streams_poll_interval_ms / 1000,
    )
