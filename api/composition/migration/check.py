"""From settings to the checks of a contract."""

from __future__ import annotations

from pathlib import Path

from api.composition.dynamodb import make_capacity, make_gateway
from api.composition.migration.source import read_source_schema
from api.composition.migration.tables import table_names
from application.ports.table_initializer import TableStatus
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract
from infrastructure.migration.errors import Problem
from infrastructure.migration.reading import examine_file
from infrastructure.migration.rules.checks import check_live, check_source
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.settings import Settings, SettingsError


def check_all(
    settings: Settings, file: Path, source: str | None, *, live: bool
) -> tuple[Problem, ...]:
    """What is wrong with a contract alone, then for its source and live tables where asked for.

    Raises `SettingsError`, `SourceUnavailable`, and what the gateway raises.
    """
    contract, problems = examine_file(file)
    if contract is None:
        return problems
    if source:
        problems += check_source(contract, read_source_schema(source))
    if live:
        problems += check_live(contract, _live_tables(settings, contract))
    return problems


def _live_tables(settings: Settings, contract: Contract) -> list[TableStatus]:
    if settings.provider == "memory":
        raise SettingsError("provider", "memory has no tables to compare a contract with")
    schemas = table_schemas(contract, table_names(settings))
    gateway = make_gateway(settings, Meter(), GatewayTelemetry())
    return DynamoDBTableInitializer(gateway, schemas, make_capacity(settings)).status()
