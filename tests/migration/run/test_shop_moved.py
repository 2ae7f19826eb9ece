"""The sample shop is moved by the commands, and each item is what SQL of its own says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from infrastructure.engines import LocalEngine
from infrastructure.migration.contract import Table
from infrastructure.migration.reading import read_contract
from tests.migration.mariadb import MariaDB
from tests.migration.run.running import Move, tables_of
from tests.migration.shop.database import fill
from tests.migration.shop.expected import CONTRACTS, Plain, expected_rows, plain

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def shop(mariadb: MariaDB, request: pytest.FixtureRequest) -> str:
    url = mariadb.new_database()
    fill(url, request.config.getoption("--shop-rows"))
    return url


@pytest.mark.parametrize("version", CONTRACTS)
def test_the_shop_is_moved_whole_and_verified(
    shop: str, version: str, ministack: LocalEngine, tmp_path: Path
) -> None:
    move = Move(shop, CONTRACTS[version], ministack.endpoint_url, tmp_path / "work")
    expected = list(expected_rows(shop, version))

    result = move.run("--range-size", "2000", "--max-rejects", "100000")

    assert result.exit_code == 3, result.output  # rows were rejected
    assert {name: told["rows"] for name, told in tables_of(result).items()} == Counter(
        row.table for row in expected
    )
    for table in read_contract(CONTRACTS[version]).tables:
        stored = [plain(item) for item in move.items(table.name)]
        wanted = [row.item for row in expected if row.table == table.name and row.reject is None]
        assert len(stored) == len(wanted)
        assert by_key(table, stored) == by_key(table, wanted)
    assert Counter((told["table"], told["column"]) for told in move.rejects()) == Counter(
        (row.table, row.reject) for row in expected if row.reject is not None
    )
    verified = move.verify("--json", str(tmp_path / "report.json"))
    assert verified.exit_code == 0, json.loads((tmp_path / "report.json").read_text())


def by_key(table: Table, items: Iterable[Plain]) -> dict[tuple[object, ...], Plain]:
    return {tuple(item[name] for name in table.key_names): item for item in items}
