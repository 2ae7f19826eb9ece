"""A schema that was made for no contract: a harbour's, moved by the commands alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from infrastructure.dynamodb.items import Item
from infrastructure.engines import LocalEngine
from infrastructure.migration.source.connection import connect
from tests.commands import run
from tests.migration.foreign.expected import ITEMS, REJECTS, WARNINGS
from tests.migration.mariadb import MariaDB
from tests.migration.run.running import Move, tables_of
from tests.migration.shop.expected import Plain, plain

pytestmark = pytest.mark.engine

FOLDER = Path(__file__).parent


@pytest.fixture
def harbour(mariadb: MariaDB) -> str:
    url = mariadb.new_database()
    engine = connect(url)
    with engine.begin() as connection:
        for statement in filter(str.strip, (FOLDER / "schema.sql").read_text().split(";\n")):
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()
    return url


def test_a_schema_that_nobody_made_for_it_is_checked_moved_and_verified(
    harbour: str, ministack: LocalEngine, tmp_path: Path
) -> None:
    move = Move(harbour, FOLDER / "contract.json", ministack.endpoint_url, tmp_path / "work")

    checked = run("migrate", "check", str(move.contract), env=dict(move.env))
    assert [line.split(": ")[0] for line in checked.stdout.splitlines()] == WARNINGS

    result = move.run()
    assert result.exit_code == 3, result.output  # rows were rejected
    assert {(each["table"], each["column"], each["reason"]) for each in move.rejects()} == REJECTS
    for table, wanted in ITEMS.items():
        assert in_order(move.items(table)) == in_order(map(typed, wanted))

    assert [told["rejected"] for told in tables_of(result).values()] == [0, 2, 0, 2, 3, 0]
    verified = move.verify("--json", str(tmp_path / "report.json"))
    assert verified.exit_code == 0, json.loads((tmp_path / "report.json").read_text())


def typed(values: dict[str, Any]) -> Item:
    return {name: TypeSerializer().serialize(value) for name, value in values.items()}


def in_order(items: Iterable[Item]) -> list[Plain]:
    """Sets of the engine and sets of our own compare as equal."""
    return sorted(map(plain, items), key=lambda item: sorted(map(repr, item.items())))
