"""A table that moves: its contract, its two sides, its journal and its switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, frozen
from sqlalchemy import Engine, text

from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.migration.contract import (
    Attribute,
    AttributeType,
    Columns,
    Contract,
    Entity,
    Expression,
    Source,
    Table,
    Template,
)
from infrastructure.migration.conversion.typed import Value
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.phases.comparison import differences
from infrastructure.migration.phases.move import Move
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.phase import Phase, Switch
from infrastructure.migration.phases.source_locks import source_locks
from infrastructure.migration.phases.source_table import SourceTable
from infrastructure.migration.phases.steps import Steps
from infrastructure.migration.phases.switch import SeenSwitch, SwitchTable
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.repository.item_writer import ItemWriter
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.row_keys import RowKeys
from infrastructure.migration.source.schema import read_schema
from infrastructure.migration.tables import table_schemas
from infrastructure.system.ids import RandomIds
from tests.migration.phases.tables import LEASE, TABLE, journal_on, switches_on
from tests.promised_tables import promise
from tests.stores import Store

if TYPE_CHECKING:
    from tests.migration.mariadb import MariaDB

MAX_AGE = 0.5
WRITE_BOTH = (Phase.DUAL_WRITE, Phase.DUAL_READ, Phase.TARGET_FIRST)
"""The phases in which a write goes to both sides."""

DDL = (
    "CREATE TABLE people (person_id BIGINT PRIMARY KEY, name VARCHAR(100) NOT NULL, "
    "email VARCHAR(100) UNIQUE, score DECIMAL(20,2), w0 INT, w1 INT, w2 INT, w3 INT, "
    "seen TIMESTAMP DEFAULT '2001-02-03 04:05:06')"
)


def _attribute(name: str, kind: AttributeType, source: Source) -> Attribute:
    return Attribute(f"tables[0].attributes.{name}", name, kind, source)


PERSON = Entity(
    path="tables[0]",
    name="person",
    source_table="people",
    attributes=(
        _attribute("pk", "S", Template("PERSON#{id}")),
        _attribute("id", "N", Columns(("person_id",))),
        _attribute("name", "S", Columns(("name",))),
        _attribute("email", "S", Columns(("email",))),
        _attribute("score", "N", Columns(("score",))),
        *(_attribute(name, "N", Columns((name,))) for name in ("w0", "w1", "w2", "w3")),
        _attribute("greeting", "S", Expression("CONCAT('Hello ', name)")),
    ),
)
PEOPLE = Table("tables[0]", TABLE, "pk", None, (PERSON,), unique=(("email",),))


def person(id: int, name: str = "Ada", **rest: Value) -> dict[str, Value]:
    """A record as the source would make it."""
    return {"pk": f"PERSON#{id}", "id": id, "name": name, "greeting": f"Hello {name}", **rest}


def key_of(id: int) -> dict[str, Value]:
    return {"pk": f"PERSON#{id}"}


def item_key(id: int) -> Item:
    return {"pk": {"S": f"PERSON#{id}"}}


@frozen
class Moving:
    """A move that tests look into. Each `process` has a view of the switch of its own."""

    move: Move
    switches: SwitchTable
    engine: Engine

    @property
    def people(self) -> MovingRepository:
        """The repository of a process that has just looked at the switch."""
        return MovingRepository(self.process())

    @property
    def steps(self) -> Steps:
        """Steps that nobody waits for, where no other process is there."""
        return Steps(switches=self.switches, journal=self.move.journal, sleep=lambda _: None)

    def process(self) -> Move:
        monotonic = self.move.journal.gateway.retry.monotonic
        return evolve(self.move, switch=SeenSwitch(self.switches, TABLE, monotonic, MAX_AGE))

    def set(self, phase: Phase, previous: Phase | None = None) -> None:
        """Moves the switch there at once."""
        seen = self.switches.read(TABLE)
        self.switches._write(TABLE, seen, Switch(phase, previous, seen.number + 1))

    def sql(self, statement: str) -> None:
        """Changes the source, past everything else."""
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def sides(self, id: int) -> tuple[Item | None, Item | None]:
        """The item of a key in the source and in the target."""
        key = item_key(id)
        return self.move.source.read(key), self.move.target.read(key)

    def names(self, id: int) -> tuple[str | None, str | None]:
        """The name on both sides."""
        source, target = (None if item is None else item["name"]["S"] for item in self.sides(id))
        return source, target

    def unequal(self, ids: range) -> list[int]:
        """Those that are not the same on both sides."""
        return [id for id in ids if differences(*self.sides(id))]

    def entries(self) -> dict[str, str]:
        """Which side is behind, by key."""
        pages = self.move.journal.pages(TABLE)
        return {entry.key["pk"]["S"]: entry.behind.value for page in pages for entry in page}


def moving_on(store: Store, url: str) -> Moving:
    """A table in a source of its own that moves to the tables of a store."""
    assert isinstance(store.provider, DynamoDBProvider)
    switches, journal = switches_on(store), journal_on(store)
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text(DDL))
    schema = read_schema(engine)
    promise(table_schemas(Contract((PEOPLE,)), store.provider.tables))
    writer = ItemWriter(store.gateway, PEOPLE, store.table(TABLE), store.table(CLAIMS), RandomIds())
    source = SourceTable(
        table=PEOPLE,
        reader=SourceReader(engine, schema),
        rows=RowKeys(PEOPLE, schema),
        locks=source_locks(connect(url), LEASE),
    )
    switch = SeenSwitch(switches, TABLE, store.gateway.retry.monotonic, MAX_AGE)
    move = Move(
        table=PEOPLE, source=source, target=TargetTable(writer), journal=journal, switch=switch
    )
    return Moving(move, switches, engine)


@pytest.fixture
def moving(ministack_store: Store, mariadb: MariaDB) -> Iterator[Moving]:
    found = moving_on(ministack_store, mariadb.new_database())
    yield found
    assert isinstance(found.move.source, SourceTable)
    found.engine.dispose()
    found.move.source.locks._engine.dispose()
