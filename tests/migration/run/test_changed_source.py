"""What a run does that goes on, after the source was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from infrastructure.migration.source.connection import connect
from tests.migration.mariadb import MariaDB
from tests.migration.run.running import Move, tables_of

pytestmark = pytest.mark.engine

_CONTRACT: dict[str, Any] = {
    "tables": [
        {
            "table": "People",
            "type": "single-entity",
            "source_table": "people",
            "pk": "id",
            "attributes": [{"name": "id", "type": "N", "source_column": "id"}],
        }
    ]
}


@pytest.fixture
def stopped(mariadb: MariaDB, tmp_path: Path) -> Move:
    """A move to files that has one of its three ranges left, the last."""
    url, contract = mariadb.new_database(), tmp_path / "contract.json"
    contract.write_text(json.dumps(_CONTRACT))
    execute(
        url,
        "CREATE TABLE people (id INT PRIMARY KEY, code CHAR(3) NOT NULL)",
        "INSERT INTO people SELECT seq, LPAD(61 - seq, 3, '0') FROM seq_1_to_60",
    )
    move = Move(url, contract, "", tmp_path / "work", provider="memory", prefix="")
    assert run(move).exit_code == 0
    checkpoint = move.work / "People.checkpoint.jsonl"
    checkpoint.write_text("".join(checkpoint.read_text().splitlines(keepends=True)[:3]))
    return move


def execute(url: str, *statements: str) -> None:
    with connect(url).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def run(move: Move) -> Any:
    return move.run("--to-files", str(move.work.parent / "files"))


@pytest.mark.parametrize(
    ("change", "order"),
    [
        ("DROP PRIMARY KEY, ADD PRIMARY KEY (code)", "people by code char"),
        ("DROP PRIMARY KEY, ADD PRIMARY KEY (code, id)", "people by code char"),
        ("DROP PRIMARY KEY", "people by nothing"),
        ("MODIFY id VARCHAR(9)", "people by id varchar"),
    ],
)
def test_ranges_of_another_key_are_not_gone_on_with(stopped: Move, change: str, order: str) -> None:
    execute(stopped.source, f"ALTER TABLE people {change}")
    result = run(stopped)
    assert result.exit_code == 1
    assert f"is of another key: people by id int(11), not {order}" in result.stderr


def test_columns_that_the_contract_does_not_name_may_come(stopped: Move) -> None:
    execute(stopped.source, "ALTER TABLE people ADD note TEXT")
    result = run(stopped)
    assert result.exit_code == 0, result.stderr
    assert tables_of(result)["People"]["items"] == 60
