"""Fixtures: a source that is filled once, and moves from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.engines import LocalEngine
from tests.migration.mariadb import MariaDB
from tests.migration.run.running import Move
from tests.migration.run.warehouse import fill, write_contract

MakeMove = Callable[[Path], Move]


@pytest.fixture(scope="session")
def make_move(
    mariadb: MariaDB, ministack: LocalEngine, tmp_path_factory: pytest.TempPathFactory
) -> MakeMove:
    """Makes moves that have not begun, with a work directory each."""
    url = mariadb.new_database()
    fill(url)
    contract = write_contract(tmp_path_factory.mktemp("contract"))
    return lambda folder: Move(url, contract, ministack.endpoint_url, folder / "work")


@pytest.fixture(scope="session")
def undisturbed(make_move: MakeMove, tmp_path_factory: pytest.TempPathFactory) -> Move:
    """A move that nothing has disturbed, by one worker. Tests only read it."""
    move = make_move(tmp_path_factory.mktemp("undisturbed"))
    assert move.run().exit_code == 3
    return move


@pytest.fixture
def move(make_move: MakeMove, tmp_path: Path) -> Move:
    """A move that has not begun."""
    return make_move(tmp_path)
