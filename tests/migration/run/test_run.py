"""`dynastrata migrate run`, from MariaDB to DynamoDB and to files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve
from typing_extensions import override

from api.cli.output import counted
from api.composition.migration import engine, workers
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.pacing import Pacing
from tests.commands import run
from tests.migration.run.running import CLAIMS, Move, assert_same, items_in, tables_of
from tests.migration.run.warehouse import CLAIMING, RANGES, REJECTED, ROWS

pytestmark = pytest.mark.engine


def ranges_of(table: str) -> int:
    return RANGES[table] * (2 if table in CLAIMING else 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_row_is_an_item_or_a_reject_and_the_counts_say_so(
    move: Move, undisturbed: Move, workers: str
) -> None:
    result = move.run("--workers", workers)
    assert result.exit_code == 3, result.output
    tables = tables_of(result)
    rejected = Counter(reject["table"] for reject in move.rejects())
    for table, rows in ROWS.items():
        told = tables[table]
        assert (told["rows"], told["rejected"]) == (rows, REJECTED[table])
        assert told["items"] == rows - REJECTED[table] == len(move.items(table))
        assert told["rejected"] == rejected[table]
        assert (told["ranges"], told["resumed_from"]) == (ranges_of(table), 0)
        assert told["item_bytes"] > 0
        assert told["write_units"] >= told["items"]
    assert_same(move, undisturbed)


def test_rejects_are_told_with_table_key_column_and_reason(undisturbed: Move) -> None:
    rejects = undisturbed.rejects()
    assert {
        "table": "Customers",
        "entity": "customers",
        "key": {"id": 20},
        "column": "email",
        "reason": "'c19@example.com' is already taken by id=19",
    } in rejects
    assert {
        (each["table"], each["column"], each["reason"].split(" ", 1)[1]) for each in rejects
    } >= {
        ("Customers", "joined", "a zero date, 0000-00-00"),
        ("Codes", "code", "is already taken by code=007"),
        ("Remarks", "about, said", "row has the same values"),
    }


def test_a_migration_that_is_done_is_not_done_again(move: Move) -> None:
    first = tables_of(move.run())
    before = [path.read_bytes() for path in sorted(move.work.glob("*.jsonl"))]
    again = tables_of(move.run())
    for table in ROWS:
        assert again[table]["resumed_from"] == again[table]["ranges"]
        assert again[table]["rows"] == first[table]["rows"]
        assert again[table]["rows_per_second"] == 0
    assert [path.read_bytes() for path in sorted(move.work.glob("*.jsonl"))] == before


def test_too_many_rejects_end_it_with_what_stands_saved(move: Move, undisturbed: Move) -> None:
    result = move.run("--max-rejects", "3")
    assert result.exit_code == 1
    assert "rows are rejected, 3 are allowed" in result.stderr
    assert 3 < len(move.rejects()) < sum(REJECTED.values())
    assert move.run("--max-rejects", "3").exit_code == 1
    result = move.run("--max-rejects", "13")
    assert result.exit_code == 3, result.output
    assert tables_of(result)["Customers"]["resumed_from"] > 5
    assert len(move.rejects()) == sum(REJECTED.values())
    assert_same(move, undisturbed)


def test_files_read_back_hold_the_same_items_and_claims(move: Move, undisturbed: Move) -> None:
    files = move.work.parent / "files"
    in_memory = evolve(move, provider="memory", prefix="")
    result = in_memory.run("--to-files", str(files))
    assert result.exit_code == 3, result.output
    for table in ROWS:
        assert items_in(files / table) == undisturbed.items(table)
        assert len(list((files / table).glob("*"))) == RANGES[table]
    assert items_in(files / CLAIMS) == undisturbed.items(CLAIMS)
    assert in_memory.rejects() == undisturbed.rejects()


def test_files_of_another_run_are_not_mixed_with_new_ones(move: Move, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "old.json.gz").touch()
    result = move.run("--to-files", str(tmp_path / "files"))
    assert result.exit_code == 1
    assert "is not empty, and of no run in this work directory" in result.stderr


def test_a_dry_run_tells_the_same_counts_the_cost_and_the_rejects(
    move: Move, undisturbed: Move
) -> None:
    result = evolve(move, provider="memory").run("--dry-run", "--price", "2000000")
    assert result.exit_code == 3, result.output
    told, real = json.loads(result.stdout), tables_of(undisturbed.run())
    for each in told["tables"]:
        for name in ("rows", "items", "rejected", "item_bytes"):
            assert each[name] == real[each["table"]][name]
    assert told["cost"]["usd"] == pytest.approx(told["cost"]["write_units"] * 2)
    assert told["cost"]["write_units"] == sum(each["write_units"] for each in real.values())
    assert told["work"] == str(move.work)
    assert move.rejects() == undisturbed.rejects()
    real_run = move.run()
    assert (real_run.exit_code, "is of another target: nowhere" in real_run.stderr) == (1, True)


def test_a_dry_run_that_is_not_told_where_leaves_nothing(
    move: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("migrate", "run", str(move.contract), "--dry-run", "--workers", "1", "--json")
    result = run(*words, env={**move.env, "DYNASTRATA_PROVIDER": "memory"})
    assert result.exit_code == 3, result.output
    assert json.loads(result.stdout)["work"] is None
    assert list(tmp_path.iterdir()) == []


def test_the_memory_provider_is_no_target(move: Move) -> None:
    result = evolve(move, provider="memory").run()
    assert result.exit_code == 2
    assert "memory forgets everything at exit" in result.stderr


def test_a_work_directory_is_of_one_target(move: Move) -> None:
    move.run("--max-rejects", "0")
    other = evolve(move, prefix="test-other-")
    result = other.run()
    assert result.exit_code == 1
    assert "is of another target: tables" in result.stderr


def test_a_source_that_does_not_answer_is_told_without_its_password(move: Move) -> None:
    result = evolve(move, source="mysql://me:secret@127.0.0.1:1/shop").run()
    assert result.exit_code == 1
    assert "@127.0.0.1:1/shop cannot be read" in result.stderr
    assert "secret" not in result.output


@pytest.mark.parametrize("target", [("--dry-run",), ("--to-files", "files")])
def test_claims_in_a_file_are_not_for_a_cluster(move: Move, target: tuple[str, ...]) -> None:
    cluster = ("--engine", "spark", "--spark-master", "spark://elsewhere:7077")
    result = move.run(*cluster, *target)
    assert result.exit_code == 1
    assert "spark://elsewhere:7077: is of other machines, and " in result.stderr
    assert "keys of Codes, Customers, Remarks that must be unique" in result.stderr


class FourHere(ProcessEngine):
    """Says that it has four workers, and is one."""

    @property
    @override
    def workers(self) -> int:
        return 4


def test_each_worker_keeps_to_its_share_of_the_write_units(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float | None] = []

    def pacing(rate: float | None) -> Pacing:
        rates.append(rate)
        return Pacing(None)

    monkeypatch.setattr(workers, "Pacing", pacing)
    monkeypatch.setattr(engine, "make_migration_engine", lambda *_: FourHere(1))
    assert move.run("--write-units", "100", "--dry-run").exit_code == 3
    assert rates == [25]


def test_what_is_one_is_told_as_one() -> None:
    assert (counted(1, "row"), counted(0, "range"), counted(2, "row")) == (
        "1 row",
        "0 ranges",
        "2 rows",
    )
