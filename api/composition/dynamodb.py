"""From settings to the adapters of DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from typing_extensions import override

from api.composition.adapters import Adapters
from api.composition.clients import make_client
from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent
from application.ports.outbox import Outbox, StoredMessage
from application.relay import Relay
from domain.errors import InvalidValue
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.change_feed.positions import StreamRecord, sequence_of
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.change_feed.tail import change_of
from infrastructure.dynamodb.gateway.gateway import Gateway, check_answers
from infrastructure.dynamodb.gateway.lean_client import LeanClient
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.mappers.outbox import message_of_image
from infrastructure.dynamodb.mappers.tagged_events import tagged_event_of_image
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.models.events import EventModel, event_model
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.tables.checkpoints import DynamoDBCheckpointTable
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from infrastructure.dynamodb.tables.projection_states import (
    DynamoDBHeartbeatTable,
    DynamoDBProjectionStateTable,
)
from infrastructure.events.streams import EVENTS
from infrastructure.metering import Meter
from infrastructure.outbox.relays import BatchRelay, MessageChange
from infrastructure.outbox.table import OUTBOX
from infrastructure.projections.table import PROJECTION_STATES
from infrastructure.settings.checks import invalid, option_of
from infrastructure.settings.settings import TABLE, Settings, SettingsError
from infrastructure.subscriptions.change_reader import ChangeSource
from infrastructure.subscriptions.leases import CHECKPOINTS
from infrastructure.subscriptions.stream_order import Written
from infrastructure.system.breakers import BreakerOptions, Breakers
from infrastructure.system.failure_windows import FAILURES
from infrastructure.tagged_events.keys import EventKeys
from infrastructure.tagged_events.table import TAGGED_EVENTS
from infrastructure.telemetry.gauges import BreakerGauge
from infrastructure.telemetry.telemetry import Telemetry


class DynamoDBAdapters(Adapters):
    """The tables that the settings name, through one gateway."""

    def __init__(
        self,
        settings: Settings,
        contexts: Contexts,
        meter: Meter,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._settings = settings
        self._contexts = contexts
        self._meter = meter
        self._clock = clock
        self._telemetry = telemetry
        for name in settings.tables.keys() - set(contexts.tables):
            raise SettingsError(
                option_of(name, TABLE), f"the tables are {', '.join(contexts.tables)}"
            )
        self._tables = TableNames(settings.table_prefix, settings.tables)

    @cached_property
    @override
    def store(self) -> DynamoDBProvider:
        """See `Adapters`. Raises `TypeError` where an aggregate type and its model differ."""
        models = {each.aggregate_type: each.model() for each in self._contexts.state_stored}
        return DynamoDBProvider(
            self.gateway,
            self._tables,
            models,
            self._settings.listing_shards,
            self._event_model,
            self._settings.outbox_shards,
            make_event_keys(self._settings),
            self._settings.packs_events,
        )

    @cached_property
    @override
    def table_initializer(self) -> DynamoDBTableInitializer:
        capacity = make_capacity(self._settings)
        return DynamoDBTableInitializer(self.gateway, self.schemas, capacity)

    @cached_property
    def schemas(self) -> list[TableSchema]:
        """What is expected of every table."""
        return list(make_table_schemas(self._settings, self._contexts).values())

    @property
    @override
    def left_alone(self) -> Mapping[str, float]:
        return self.gateway.breakers.open

    @cached_property
    @override
    def checkpoints(self) -> DynamoDBCheckpointTable:
        return DynamoDBCheckpointTable(self.gateway, self._tables.physical(CHECKPOINTS))

    @cached_property
    @override
    def failures(self) -> DynamoDBFailureTable:
        return DynamoDBFailureTable(self.gateway, self._tables.physical(FAILURES))

    @cached_property
    @override
    def projection_states(self) -> DynamoDBProjectionStateTable:
        name = self._tables.physical(PROJECTION_STATES)
        return DynamoDBProjectionStateTable(self.gateway, name)

    @cached_property
    @override
    def heartbeats(self) -> DynamoDBHeartbeatTable:
        return DynamoDBHeartbeatTable(self.gateway, self._tables.physical(PROJECTION_STATES))

    @property
    @override
    def event_changes(self) -> Callable[[], ChangeSource[Written]]:
        stream, model = self._stream(EVENTS), self._event_model
        return lambda: TableChanges(stream, self._clock, EventReader(model))

    @property
    @override
    def tagged_event_changes(self) -> Callable[[], ChangeSource[SequencedEvent]]:
        stream, decode = self._stream(TAGGED_EVENTS), tagged_event_of_image(self.store.event_keys)
        return lambda: TableChanges(stream, self._clock, decode)

    @property
    @override
    def message_changes(self) -> Callable[[], ChangeSource[StoredMessage]]:
        stream = self._stream(OUTBOX)
        return lambda: TableChanges(stream, self._clock, message_of_image)

    @override
    def batch_relay(self, relay: Relay, outbox: Outbox) -> BatchRelay:
        return BatchRelay(changes_of=message_changes_of, relay=relay, outbox=outbox)

    @cached_property
    def gateway(self) -> Gateway:
        """The way to all data of the tables."""
        options = BreakerOptions(self._settings.breaker_failures, self._settings.breaker_seconds)
        breakers = Breakers(options, on_change=BreakerGauge(self._telemetry).observe)
        return make_gateway(self._settings, self._meter, self._observing, breakers)

    @cached_property
    def _streams(self) -> Gateway:
        # The streams of tables are not guarded: whoever follows one waits between two looks.
        return make_gateway(self._settings, self._meter, self._observing, service="dynamodbstreams")

    @cached_property
    def _observing(self) -> GatewayTelemetry:
        key_names = {schema.name: tuple(schema.key_types) for schema in self.schemas}
        is_debug = self._settings.log_level == "debug"
        return GatewayTelemetry(self._telemetry, key_names, debug=is_debug)

    @cached_property
    def _event_model(self) -> type[EventModel]:
        return make_event_model(self._settings)

    def _stream(self, table: str) -> TableStream:
        return TableStream(self._tables.physical(table), self.gateway, self._streams)


def make_gateway(
    settings: Settings,
    meter: Meter,
    telemetry: GatewayTelemetry,
    breakers: Breakers | None = None,
    service: str = "dynamodb",
) -> Gateway:
    """The door to one service of DynamoDB. Raises `SettingsError` where no region is set."""
    retry = RetryPolicy(
        attempts=settings.retry_attempts,
        base=settings.retry_base_seconds,
        throttling_base=settings.throttling_base_seconds,
        cap=settings.retry_cap_seconds,
        deadline=settings.call_deadline_seconds,
        quota=settings.retry_quota,
    )
    # Local engines report read units that are too low, so these are reckoned by the rules.
    trusted = not settings.uses_local_engine
    client = make_client(settings, service)
    check_answers(client)
    if settings.transport == "lean" and service == "dynamodb":
        client = LeanClient(client, settings.call_deadline_seconds)
    return Gateway(client, meter, retry, breakers, trust_read_units=trusted, telemetry=telemetry)


def make_table_schemas(settings: Settings, contexts: Contexts) -> Mapping[str, TableSchema]:
    """Every table by its logical name, under its physical one. Raises `SettingsError`."""
    tables = TableNames(settings.table_prefix, settings.tables)
    own = {each.aggregate_type.table: each.model() for each in contexts.state_stored}
    models = {**own, **SHARED, EVENTS: make_event_model(settings)}
    return {name: TableSchema(model, tables.physical(name)) for name, model in models.items()}


def make_capacity(settings: Settings) -> Capacity:
    """How new tables are billed."""
    return Capacity(settings.billing_mode, settings.read_capacity, settings.write_capacity)


def make_event_model(settings: Settings) -> type[EventModel]:
    """The model of the events table, with its keys as they are named. Raises `SettingsError`."""
    try:
        return event_model(
            partition_key=settings.events_partition_key,
            sort_key=settings.events_sort_key,
            streams_enabled=settings.events_streams_enabled,
        )
    except InvalidValue as error:
        raise invalid(f"events_{error.field}", error.reason) from error


def make_event_keys(settings: Settings) -> EventKeys:
    """The keys of tagged events. Raises `SettingsError`."""
    try:
        return EventKeys(
            service_id=settings.tagged_events_service_id,
            write_shards=settings.tagged_events_write_shards,
        )
    except InvalidValue as error:
        raise invalid(f"tagged_events_{error.field}", error.reason) from error


def message_changes_of(records: Iterable[StreamRecord]) -> Mapping[str, MessageChange]:
    """The changes in a batch of stream records, each under its sequence number."""
    return {sequence_of(record): change_of(record).decoded(message_of_image) for record in records}
