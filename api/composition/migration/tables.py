"""From settings to the tables of a contract."""

from __future__ import annotations

from attrs import evolve

from api.composition.dynamodb import make_capacity, make_gateway
from domain.errors import InvalidValue
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.settings import Settings

_ATTEMPTS = 10
_DEADLINE_SECONDS = 300.0
"""A table that grows into its load throttles for minutes; a migration has them."""


def table_names(settings: Settings) -> TableNames:
    """The physical names of the tables of a contract."""
    return TableNames(settings.table_prefix, settings.tables)


def make_patient_gateway(settings: Settings) -> Gateway:
    """The door to DynamoDB for bulk work: it waits longer before it gives up."""
    patient = evolve(
        settings,
        retry_attempts=max(settings.retry_attempts, _ATTEMPTS),
        call_deadline_seconds=_DEADLINE_SECONDS,
    )
    return make_gateway(patient, Meter(), GatewayTelemetry())


def make_migration_tables(settings: Settings, contract: Contract) -> DynamoDBTableInitializer:
    """Creates the tables of a contract and that of claims, and tells how they differ."""
    schemas = table_schemas(contract, table_names(settings))
    return DynamoDBTableInitializer(
        make_patient_gateway(settings), schemas, make_capacity(settings)
    )


def find_table(contract: Contract, name: str) -> Table:
    """The table of this name. Raises `InvalidValue`."""
    try:
        return contract.table(name)
    except KeyError as error:
        names = ", ".join(each.name for each in contract.tables)
        raise InvalidValue("table", f"{name} is not in the contract, which has {names}") from error
