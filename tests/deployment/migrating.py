"""A table that moves by commands and is used by service code, and what both ask of AWS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from attrs import define, field
from botocore.exceptions import ReadTimeoutError
from sqlalchemy import Engine, text

from api.composition import dynamodb
from api.composition.clients import make_client
from api.composition.migration import phases
from api.composition.migration.phases import make_phases
from api.composition.migration.repositories import make_contract_repository, make_moving_repository
from infrastructure.deployment.role import Role
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.items import Item
from infrastructure.engines import LocalEngine
from infrastructure.migration.contract import Contract
from infrastructure.migration.names import JOURNAL
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.steps import Steps
from infrastructure.migration.reading import contract_from
from infrastructure.migration.repository.repository import ContractRepository
from infrastructure.migration.source.connection import connect
from infrastructure.settings.settings import Settings
from tests.commands import run, variables
from tests.deployment.driving import ACCOUNT
from tests.deployment.recording import Access, Recorder
from tests.migration.contract.documents import v1
from tests.stores import REGION

TABLE = "Readers"
DOCUMENT = v1()[:1]
CONTRACT: Contract = contract_from(DOCUMENT)
_SOURCE = (
    "CREATE TABLE branches (id INT PRIMARY KEY, name VARCHAR(100) NOT NULL)",
    """CREATE TABLE readers (id INT PRIMARY KEY, email VARCHAR(200) UNIQUE,
    full_name VARCHAR(200) NOT NULL, branch_id INT)""",
)


def reader(id: int, email: str | None = None) -> dict[str, Any]:
    """A record of the table."""
    return {"ReaderId": id, "Email": email or f"{id}@example.org", "FullName": "Ada Lovelace"}


def item_key(id: int) -> Item:
    return {"ReaderId": {"N": str(id)}}


@define
class Migrating:
    """The readers of a library, in a source and in tables of their own."""

    settings: Settings
    source: str
    contract: Path
    engine: Engine
    asked: dict[Role, set[Access]] = field(factory=lambda: defaultdict[Role, set[Access]](set))
    """What was asked for under each role."""
    recorder: Recorder = field(factory=lambda: Recorder(REGION, ACCOUNT))
    trouble: Callable[[Client], object] | None = None
    """Happens once, when the next transaction is sent, which then is lost."""

    def sql(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for each in statements:
                connection.execute(text(each))

    def insert(self, *ids: int) -> None:
        """Rows of which the records are those of `reader`."""
        rows = (f"({id}, '{id}@example.org', 'Ada Lovelace', NULL)" for id in ids)
        self.sql(f"INSERT INTO readers VALUES {', '.join(rows)}")  # noqa: S608 our own numbers

    def migrate(self, *words: str, code: int = 0) -> None:
        """Runs a command of `dynastrata migrate`, which has to exit with this code."""
        named = [str(self.contract) if word == "CONTRACT" else word for word in words]
        more = {"DYNASTRATA_MIGRATION_SOURCE": self.source, "DYNASTRATA_TRANSPORT": "sdk"}
        with self._as(Role.MIGRATION):
            result = run("migrate", *named, env={**variables(self.settings), **more})
        assert result.exit_code == code, result.output

    def copy(self) -> None:
        """`migrate run` in this process, with a work directory of its own."""
        work = self.contract.parent / uuid4().hex
        self.migrate("run", "CONTRACT", "--work", str(work), "--workers", "1")

    def step(self) -> None:
        """`migrate phase forward`."""
        self.migrate("phase", "forward", "CONTRACT", TABLE)

    @contextmanager
    def moving(self) -> Iterator[MovingRepository]:
        """The repository of a service that starts now, while the table moves."""
        with self._as(Role.CONTRACT_APPLICATION):
            yield make_moving_repository(self.settings, CONTRACT, TABLE, self.source)

    @contextmanager
    def moved(self) -> Iterator[ContractRepository]:
        """The repository of a service whose table has moved."""
        with self._as(Role.CONTRACT_APPLICATION):
            yield make_contract_repository(self.settings, CONTRACT, TABLE)

    def leave_behind(self, side: Side, *ids: int) -> None:
        """Entries of the journal, as writers leave them that could not write one side."""
        journal = make_phases(self.settings).journal
        for id in ids:
            held = journal.try_hold(TABLE, item_key(id), side)
            assert held is not None
            journal.leave(held, "a test")

    def overtaken(self, id: int) -> None:
        """The next transaction is lost, and another writer changes the item meanwhile."""
        name = self.settings.table_prefix + TABLE
        item = {**item_key(id), "FullName": {"S": "Grace Hopper"}}
        self.trouble = lambda client: client.put_item(TableName=name, Item=item)

    def ousted(self) -> None:
        """The next transaction is lost, and other writers take over all keys meanwhile."""
        self.trouble = self._take_over

    def client(self, settings: Settings, service: str = "dynamodb", **more: Any) -> Client:
        """A client that is listened to."""
        client = self.recorder.attach(make_client(settings, service, **more))
        client.meta.events.register("before-send.dynamodb.TransactWriteItems", self._lose)
        return client

    def _lose(self, request: Any, **_: Any) -> None:
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            trouble(make_client(self.settings))
            raise ReadTimeoutError(endpoint_url=request.url)

    def _take_over(self, client: Client) -> None:
        journal = self.settings.table_prefix + JOURNAL
        for entry in client.scan(TableName=journal)["Items"]:
            del entry["leaseUntil"]  # and have given them back by now
            client.put_item(TableName=journal, Item=entry | {"token": {"S": "another"}})

    @contextmanager
    def _as(self, role: Role) -> Iterator[None]:
        with self.recorder.listening() as accesses:
            yield
        self.asked[role] |= accesses


def migrating(ministack: LocalEngine, url: str, folder: Path) -> Iterator[Migrating]:
    """A table that has not moved yet. Nobody waits for other processes: there are none."""
    contract, engine = folder / "contract.json", connect(url)
    contract.write_bytes(orjson.dumps(DOCUMENT))
    settings = Settings(
        provider="dynamodb",
        endpoint_url=ministack.endpoint_url,
        region=REGION,
        table_prefix=f"test-{uuid4().hex}-",
        transport="sdk",  # whose events tell what is asked for
    )
    found = Migrating(settings, url, contract, engine)
    found.sql(*_SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamodb, "make_client", found.client)
        patch.setattr(phases, "Steps", _at_once)
        yield found
    engine.dispose()


def _at_once(**parts: Any) -> Steps:
    return Steps(**{**parts, "sleep": lambda _: None})
