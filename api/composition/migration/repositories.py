"""From settings and a contract to the repositories of its tables."""

from __future__ import annotations

from api.composition.dynamodb import make_gateway
from api.composition.migration.phases import make_phases
from api.composition.migration.source import read_source_schema
from api.composition.migration.tables import find_table, table_names
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.repository.repository import ContractRepository
from infrastructure.migration.source.row_keys import RowKeys
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.telemetry.telemetry import Telemetry


def make_contract_repository(
    settings: Settings, contract: Contract, table: str, telemetry: Telemetry | None = None
) -> ContractRepository:
    """The repository of a table by its contract: one for each process, for all its threads.

    Raises `InvalidValue` for a table that the contract does not have, and `SettingsError`.
    """
    if settings.provider == "memory":
        raise SettingsError("provider", "memory has no tables of a contract: choose dynamodb")
    declared = find_table(contract, table)
    gateway = make_gateway(settings, Meter(), GatewayTelemetry(telemetry))
    return ContractRepository(gateway, contract, table_names(settings), declared.name)


def make_moving_repository(
    settings: Settings,
    contract: Contract,
    table: str,
    source: str,
    telemetry: Telemetry | None = None,
) -> MovingRepository:
    """The repository of a table while it moves: one for each process, for all its threads.

    Raises `InvalidValue`, also where the keys of the table tell no single row, `SettingsError`,
    `SourceUnavailable`.
    """
    phases, declared = make_phases(settings, telemetry), find_table(contract, table)
    schema = read_source_schema(source)
    RowKeys(declared, schema).check()
    return MovingRepository(phases.move(declared, source, schema, telemetry))
