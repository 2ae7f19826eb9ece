"""From settings to tables that move: their switches, their journal, and their moves."""

from __future__ import annotations

from attrs import frozen

from api.composition.dynamodb import make_capacity, make_gateway
from api.composition.migration.source import read_source_schema
from api.composition.migration.tables import find_table, table_names
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.names import CLAIMS, JOURNAL, PHASES
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.models import phase_schemas
from infrastructure.migration.phases.move import Move
from infrastructure.migration.phases.source_locks import source_locks
from infrastructure.migration.phases.source_table import SourceTable
from infrastructure.migration.phases.steps import Steps
from infrastructure.migration.phases.switch import SeenSwitch, SwitchTable
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.phases.telemetry import MoveTelemetry
from infrastructure.migration.repository.item_writer import ItemWriter
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.row_keys import RowKeys
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.system.clock import SystemClock
from infrastructure.system.ids import RandomIds
from infrastructure.telemetry.telemetry import Telemetry


@frozen
class Phases:
    """The switches and the journal of all tables that move."""

    settings: Settings
    gateway: Gateway
    names: TableNames

    @property
    def switches(self) -> SwitchTable:
        """The switches."""
        return SwitchTable(self.gateway, self.names.physical(PHASES))

    @property
    def journal(self) -> Journal:
        """The journal."""
        return Journal(
            gateway=self.gateway,
            name=self.names.physical(JOURNAL),
            clock=SystemClock(),
            ids=RandomIds(),
            sleep=self.gateway.retry.sleep,
        )

    @property
    def steps(self) -> Steps:
        """What moves the switches."""
        return Steps(switches=self.switches, journal=self.journal, sleep=self.gateway.retry.sleep)

    def create_tables(self) -> None:
        """Creates the tables of switches and journal where they are missing."""
        capacity = make_capacity(self.settings)
        DynamoDBTableInitializer(self.gateway, phase_schemas(self.names), capacity).create_missing()

    def move(
        self, table: Table, source: str, schema: SourceSchema, telemetry: Telemetry | None = None
    ) -> Move:
        """One table that moves, from a source of this schema."""
        names, gateway = self.names, self.gateway
        target = ItemWriter(
            gateway, table, names.physical(table.name), names.physical(CLAIMS), RandomIds()
        )
        return Move(
            table=table,
            source=SourceTable(
                table=table,
                reader=SourceReader(connect(source), schema),
                rows=RowKeys(table, schema),
                locks=source_locks(connect(source)),
            ),
            target=TargetTable(target),
            journal=self.journal,
            switch=SeenSwitch(self.switches, table.name, gateway.retry.monotonic),
            telemetry=MoveTelemetry(telemetry),
        )


def make_phases(settings: Settings, telemetry: Telemetry | None = None) -> Phases:
    """What moves the tables of a contract. Raises `SettingsError`."""
    if settings.provider == "memory":
        raise SettingsError("provider", "memory has no tables to move to: choose dynamodb")
    gateway = make_gateway(settings, Meter(), GatewayTelemetry(telemetry))
    return Phases(settings, gateway, table_names(settings))


def make_moves(settings: Settings, contract: Contract, source: str) -> dict[str, Move]:
    """The moves of all tables, by name, whether they can be moved by phases or not.

    Raises `SettingsError`, `SourceUnavailable`.
    """
    phases, schema = make_phases(settings), read_source_schema(source)
    return {table.name: phases.move(table, source, schema) for table in contract.tables}


def check_move(contract: Contract, table: str, source: str) -> None:
    """Raises `InvalidValue` where the keys of a table tell no single row, so that it cannot move.

    Raises `SettingsError`, `SourceUnavailable`.
    """
    RowKeys(find_table(contract, table), read_source_schema(source)).check()
