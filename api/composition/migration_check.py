"""From settings to the checks of a migration's contract."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from api.composition.dynamodb import make_capacity, make_gateway
from application.ports.table_initializer import TableStatus
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract
from infrastructure.migration.errors import Problem, SourceUnavailable
from infrastructure.migration.reading import examine_file
from infrastructure.migration.rules.checks import check_live, check_source
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.schema import SourceSchema, read_schema
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.checks import variable
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


def read_source_schema(url: str) -> SourceSchema:
    """The schema of the source at this URL. Raises `SettingsError` and `SourceUnavailable`."""
    try:
        engine = connect(url)
    except ValueError as error:
        name = f"--source or {variable('migration_source')}"
        raise SettingsError(name, str(error)) from error
    try:
        return read_schema(engine)
    except DBAPIError as error:
        place = source_name(url)
        reason = str(error.orig.args[-1]) if error.orig and error.orig.args else "no answer"
        raise SourceUnavailable(place, reason) from error
    finally:
        engine.dispose()


def source_name(url: str) -> str:
    """The source for people and for checkpoints: its place, without password and options."""
    parts = make_url(url)
    place = {name: value for name, value in parts.query.items() if name == "unix_socket"}
    return URL.create(
        parts.drivername, parts.username, None, parts.host, parts.port, parts.database, place
    ).render_as_string()


def _live_tables(settings: Settings, contract: Contract) -> list[TableStatus]:
    if settings.provider == "memory":
        raise SettingsError("provider", "memory has no tables to compare a contract with")
    schemas = table_schemas(contract, TableNames(settings.table_prefix, settings.tables))
    gateway = make_gateway(settings, Meter(), GatewayTelemetry())
    return DynamoDBTableInitializer(gateway, schemas, make_capacity(settings)).status()
