"""The tables of a move: its switches and its journal."""

from __future__ import annotations

from datetime import timedelta

from api.composition.dynamodb import make_gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract
from infrastructure.migration.names import JOURNAL, PHASES
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.models import phase_schemas
from infrastructure.migration.phases.switch import SwitchTable
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.settings import Settings
from tests.promised_tables import promise
from tests.stores import Store

TABLE = "people"
KEY = {"pk": {"S": "PERSON#1"}}
LEASE = timedelta(seconds=1)


def switches_on(store: Store) -> SwitchTable:
    """The switches in a table of the store's own."""
    _promise(store)
    return SwitchTable(store.gateway, store.table(PHASES))


def journal_on(store: Store, lease: timedelta = LEASE) -> Journal:
    """The journal in a table of the store's own."""
    _promise(store)
    return Journal(
        gateway=store.gateway,
        name=store.table(JOURNAL),
        clock=store.clock,
        ids=store.ids,
        lease=lease,
        sleep=store.gateway.retry.sleep,
    )


def _promise(store: Store) -> None:
    assert isinstance(store.provider, DynamoDBProvider)
    promise(phase_schemas(store.provider.tables))


def create_tables(settings: Settings, contract: Contract) -> None:
    """Those of a contract, as `migrate run` does."""
    names = TableNames(settings.table_prefix)
    gateway = make_gateway(settings, Meter(), GatewayTelemetry())
    schemas = table_schemas(contract, names)
    DynamoDBTableInitializer(gateway, schemas, Capacity()).create_missing()
