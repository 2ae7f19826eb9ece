"""`dynastrata migrate phase`, `repair`, `verify --repair`: what they print, and how they exit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import Result

from api.composition.migration import phases
from api.composition.migration.repositories import make_moving_repository
from domain.errors import InvalidValue
from infrastructure.engines import LocalEngine
from infrastructure.migration.conversion.records import Record
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.steps import Steps
from infrastructure.migration.reading import contract_from
from infrastructure.migration.source.connection import connect
from infrastructure.settings.settings import Settings
from tests.commands import run, variables
from tests.migration.contract.documents import v1
from tests.migration.mariadb import MariaDB
from tests.migration.phases.tables import create_tables
from tests.stores import REGION

pytestmark = pytest.mark.engine

DOCUMENT = [{**v1()[0], "unique": ["Email"]}]
SOURCE = "DYNASTRATA_MIGRATION_SOURCE"
TABLES = """
CREATE TABLE branches (id INT PRIMARY KEY, name VARCHAR(100) NOT NULL);
CREATE TABLE readers (id INT PRIMARY KEY, email VARCHAR(200) NOT NULL UNIQUE,
    full_name VARCHAR(200) NOT NULL, branch_id INT);
"""
ADA: Record = {"ReaderId": 1, "Email": "ada@example.org", "FullName": "Ada Lovelace"}

Migrate = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests have no other process."""

    def at_once(**parts: object) -> Steps:
        return Steps(**{**parts, "sleep": lambda _: None})  # type: ignore[arg-type]  # as they come

    monkeypatch.setattr(phases, "Steps", at_once)


@pytest.fixture
def settings(ministack: LocalEngine) -> Settings:
    found = Settings(
        provider="dynamodb",
        endpoint_url=ministack.endpoint_url,
        region=REGION,
        table_prefix=f"test-{uuid4().hex}-",
    )
    create_tables(found, contract_from(DOCUMENT))
    return found


@pytest.fixture
def source(mariadb: MariaDB) -> str:
    url = mariadb.new_database()
    engine = connect(url)
    with engine.begin() as connection:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(text(statement))
    engine.dispose()
    return url


@pytest.fixture
def migrate(settings: Settings, source: str, tmp_path: Path) -> Migrate:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(DOCUMENT))

    def command(*words: str, **env: str | None) -> Result:
        named = [str(file) if word == "CONTRACT" else word for word in words]
        known = {**variables(settings), SOURCE: source}
        return run("migrate", *named, env={**known, **env})

    return command


def readers(settings: Settings, source: str) -> MovingRepository:
    """The repository of a process that starts now."""
    return make_moving_repository(settings, contract_from(DOCUMENT), "Readers", source)


def test_steps_are_shown_and_taken_one_at_a_time(migrate: Migrate) -> None:
    shown = migrate("phase", "show", "CONTRACT", "Readers")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == (
        "Readers: source-only\nkeys behind on the source: 0\nkeys behind on the target: 0\n"
    )
    assert migrate("phase", "forward", "CONTRACT", "Readers").stdout.startswith(
        "Readers: dual-write\n"
    )
    found = migrate("phase", "back", "CONTRACT", "Readers", "--json")
    assert json.loads(found.stdout) == {
        "phase": "source-only",
        "step_from": None,
        "behind": {"source": 0, "target": 0},
    }
    beyond = migrate("phase", "back", "CONTRACT", "Readers")
    assert (beyond.exit_code, beyond.stderr) == (
        1,
        "error: Readers is in source-only: there is no phase beyond it\n",
    )


def test_table_whose_keys_tell_no_single_row_is_not_moved(
    migrate: Migrate, settings: Settings, source: str
) -> None:
    sql(source, "ALTER TABLE readers DROP PRIMARY KEY")
    reason = "Readers.readers: its key gives no columns that tell one row of readers from all"
    for word in ("show", "forward"):
        refused = migrate("phase", word, "CONTRACT", "Readers")
        assert (refused.exit_code, refused.stderr.splitlines()[-1][:7]) == (1, "error: ")
        assert reason in refused.stderr
    with pytest.raises(InvalidValue, match=reason):
        readers(settings, source)
    assert migrate("phase", "back", "CONTRACT", "Readers").stderr.startswith("error: Readers is in")


def test_steps_after_the_first_need_no_source(migrate: Migrate) -> None:
    assert migrate("phase", "forward", "CONTRACT", "Readers").exit_code == 0
    for word in ("show", "forward"):
        assert migrate("phase", word, "CONTRACT", "Readers", **{SOURCE: None}).exit_code == 0


def test_step_to_a_leader_that_is_behind_says_what_to_run(
    migrate: Migrate, settings: Settings, source: str
) -> None:
    for _ in range(4):
        assert migrate("phase", "forward", "CONTRACT", "Readers").exit_code == 0
    readers(settings, source).put(ADA)
    assert json.loads(migrate("phase", "show", "CONTRACT", "Readers", "--json").stdout) == {
        "phase": "target-only",
        "step_from": None,
        "behind": {"source": 1, "target": 0},
    }
    assert migrate("phase", "back", "CONTRACT", "Readers").exit_code == 0
    refused = migrate("phase", "back", "CONTRACT", "Readers")
    assert refused.exit_code == 1
    assert "1 keys of Readers are behind on the source, which is to lead" in refused.stderr
    repaired = migrate("repair", "CONTRACT", "--source", source)
    assert repaired.exit_code == 0, repaired.output
    assert repaired.stdout == "Readers: settled: 1, at work: 0, behind still: 0\n"
    assert migrate("phase", "back", "CONTRACT", "Readers").exit_code == 0
    assert readers(settings, source).get({"ReaderId": 1}) == ADA


def test_what_cannot_be_repaired_is_told_with_its_reason(
    migrate: Migrate, settings: Settings, source: str
) -> None:
    for _ in range(3):
        migrate("phase", "forward", "CONTRACT", "Readers")
    readers(settings, source).put({"ReaderId": 1, "Email": "ada@example.org"})
    text_ = migrate("repair", "CONTRACT")
    assert text_.exit_code == 3
    assert text_.stdout.splitlines()[0] == "Readers: settled: 0, at work: 0, behind still: 1"
    found = migrate("repair", "CONTRACT", "--source", source, "--json")
    assert found.exit_code == 3
    [left] = json.loads(found.stdout)["Readers"]["left"]
    assert (left["key"], left["behind"]) == ("ReaderId=1", "source")
    assert "1364" in left["reason"]
    refused = migrate("verify", "CONTRACT", "--source", source, "--workers=1", "--repair")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: Readers: the source does not lead")


def sql(source: str, *statements: str) -> None:
    """Changes the source, past everything else."""
    engine = connect(source)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_verify_repairs_what_differs_and_tells_why_it_could_not(
    migrate: Migrate, source: str, tmp_path: Path
) -> None:
    add = "INSERT INTO readers (id, email, full_name) VALUES"
    sql(source, f"{add} (1, 'ada@x', 'Ada'), (2, 'eve@x', 'Eve'), (3, '', 'Joe')")
    copied = migrate("run", "CONTRACT", "--source", source, "--work", str(tmp_path), "--workers=1")
    assert copied.exit_code == 3, copied.output  # the third has no address, which is a key
    sql(source, "UPDATE readers SET email = 'joe@x' WHERE id = 3")
    sql(source, "UPDATE readers SET email = '' WHERE id = 2")
    verify = ("verify", "CONTRACT", "--source", source, "--workers=1")
    report = tmp_path / "report"
    found = migrate(*verify, "--repair", "--json", str(report))
    assert found.exit_code == 3, found.output
    [told] = json.loads(report.read_text())["tables"]
    [left] = told["differences"]
    assert (told["repairs"], left["kind"], left["key"]) == (1, "extra", "ReaderId=2")
    assert left["reason"].startswith("email: ")
    assert found.stdout.splitlines()[-2:] == [
        "Readers: repairs: 1",
        f"extra  Readers ReaderId=2, and stays so: {left['reason']}",
    ]
    sql(source, "UPDATE readers SET email = 'eva@x' WHERE id = 2")
    assert migrate(*verify, "--repair").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("phase", "show", "CONTRACT", "Nothing"), 1, "Nothing is not in the contract"),
        (("repair", "CONTRACT"), 2, SOURCE),
        (("phase", "forward", "CONTRACT", "Readers"), 2, SOURCE),
    ],
)
def test_wrong_usage_is_one_error(
    migrate: Migrate, words: tuple[str, ...], code: int, error: str
) -> None:
    result = migrate(*words, **{SOURCE: None})
    assert result.exit_code == code
    assert error in result.stderr
