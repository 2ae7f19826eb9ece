"""`dynastrata migrate check`: what it prints, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import Result

from api.composition.dynamodb import make_gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.engines import LocalEngine
from infrastructure.metering import Meter
from infrastructure.migration.reading import contract_from
from infrastructure.migration.source.connection import connect
from infrastructure.migration.tables import table_schemas
from infrastructure.settings.settings import Settings
from tests.commands import run
from tests.migration.contract.documents import Document, changed, v1, v2
from tests.migration.mariadb import PASSWORD, MariaDB

ROOT = Path(__file__).resolve().parents[3]
REGION = "us-east-1"
SOURCE = "DYNASTRATA_MIGRATION_SOURCE"
TABLES = """
CREATE TABLE branches (id INT PRIMARY KEY, name VARCHAR(100) NOT NULL);
CREATE TABLE readers (
    id INT PRIMARY KEY,
    email VARCHAR(200) NOT NULL UNIQUE,
    full_name VARCHAR(200) NOT NULL,
    branch_id INT
)
"""


def _check(folder: Path, document: Document, *options: str, **env: str) -> Result:
    file = folder / "contract.json"
    file.write_text(json.dumps(document))
    return run("migrate", "check", str(file), *options, env=dict(env))


def test_a_contract_without_errors_exits_with_0_and_tells_its_warnings(tmp_path: Path) -> None:
    result = _check(tmp_path, v2())
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "0 errors, 2 warnings"
    assert "warning  tables[0].satisfies: not checked" in result.stdout


def test_each_error_is_a_line_with_its_path_and_the_exit_code_is_3(tmp_path: Path) -> None:
    result = _check(tmp_path, changed(changed(v1(), "0/pk", "ReaderID"), "1/sk", "FullNam"))
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "error    tables[0].pk: ReaderID is no attribute; did you mean ReaderId?",
        "error    tables[1].sk: FullNam is no attribute; did you mean FullName?",
        "2 errors, 0 warnings",
    ]


def test_scripts_get_errors_and_warnings_apart(tmp_path: Path) -> None:
    result = _check(tmp_path, changed(v1(), "0/table", ""), "--json")
    assert json.loads(result.stdout) == {
        "errors": [{"path": "tables[0].table", "cause": "must not be empty"}],
        "warnings": [],
    }


def test_a_file_that_is_not_there_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    result = run("migrate", "check", str(tmp_path / "none.json"), env={})
    assert result.exit_code == 3
    assert result.stdout.startswith("error    contract: cannot be read: No such file")


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_source_that_does_not_answer_is_one_line_without_the_password(
    tmp_path: Path, by_variable: bool
) -> None:
    url = "mysql://ada:hush@127.0.0.1:9/library?ssl_key_password=hush"
    given: tuple[list[str], dict[str, str]] = ([], {SOURCE: url})
    options, env = given if by_variable else (["--source", url], {})
    result = _check(tmp_path, v1(), *options, **env)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the source mysql://ada@127.0.0.1:9/library cannot be")
    assert len(result.stderr.splitlines()) == 1
    assert "hush" not in result.output


@pytest.mark.parametrize("url", ["hush", "postgresql://ada:hush@db/library", "mysql://ada:hush@db"])
def test_a_url_that_names_no_source_is_wrong_usage(tmp_path: Path, url: str) -> None:
    result = _check(tmp_path, v1(), "--source", url)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: --source or {SOURCE}: the source's URL ")
    assert "hush" not in result.output


def test_memory_has_no_live_tables(tmp_path: Path) -> None:
    result = _check(tmp_path, v1(), "--live", DYNASTRATA_PROVIDER="memory")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: provider: memory has no tables")


@pytest.mark.engine
def test_it_reads_the_schema_of_the_source(tmp_path: Path, mariadb: MariaDB) -> None:
    url = mariadb.new_database()
    engine = connect(url)
    with engine.begin() as connection:
        for sql in TABLES.split(";"):
            connection.execute(text(sql))
    engine.dispose()
    sound = _check(tmp_path, v1(), "--source", url)
    assert (sound.exit_code, sound.stdout) == (0, "0 errors, 0 warnings\n"), sound.output
    broken = changed(changed(v1(), "0/unique", ...), "0/attributes/ReaderId/source_column", "nr")
    result = _check(tmp_path, broken, **{SOURCE: url})
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "error    tables[0].attributes.ReaderId.source_column: readers has no column nr",
        "error    tables[0]: readers keeps email unique: name Email in `unique` or in `not_unique`",
        "2 errors, 0 warnings",
    ]
    wrong = _check(tmp_path, v1(), "--source", url.replace(PASSWORD.replace(" ", "%20"), "hush"))
    assert (wrong.exit_code, "hush" in wrong.output) == (1, False)
    assert "Access denied" in wrong.stderr


@pytest.mark.engine
def test_it_tells_how_live_tables_differ(tmp_path: Path, ministack: LocalEngine) -> None:
    prefix, missing_prefix = f"test-{uuid4().hex}-", f"test-{uuid4().hex}-"
    _create(v1(), ministack, prefix)
    env = {
        "DYNASTRATA_PROVIDER": "dynamodb",
        "DYNASTRATA_ENDPOINT_URL": ministack.endpoint_url,
        "DYNASTRATA_REGION": REGION,
        "DYNASTRATA_TABLE_PREFIX": prefix,
    }
    missing = _check(tmp_path, v1(), "--live", **{**env, "DYNASTRATA_TABLE_PREFIX": missing_prefix})
    assert missing.exit_code == 0, missing.output
    assert f"warning  tables[0]: the table {missing_prefix}Readers is MISSING\n" in missing.stdout
    assert _check(tmp_path, v1(), "--live", **env).stdout == "0 errors, 0 warnings\n"
    other = changed(changed(v1(), "0/attributes/ReaderId/type", "S"), "0/gsis/0/pk", "FullName")
    changed(other, "0/gsis/1", {"name": "New", "pk": "Email"})
    differing = _check(tmp_path, other, "--live", **env)
    assert differing.exit_code == 3
    assert [line.partition("Readers differs: ")[2] for line in differing.stdout.splitlines()] == [
        "attribute ReaderId is of type N, not S",
        "index ByEmail has keys {'HASH': 'Email'}",
        "index New is missing",
        "",
    ]


def _create(document: Document, engine: LocalEngine, prefix: str) -> None:
    settings = Settings(provider="dynamodb", endpoint_url=engine.endpoint_url, region=REGION)
    schemas = table_schemas(contract_from(document), TableNames(prefix))
    gateway = make_gateway(settings, Meter(), GatewayTelemetry())
    DynamoDBTableInitializer(gateway, schemas, Capacity()).create_missing()


def test_where_the_extra_is_missing_all_commands_are_there_and_this_one_says_so(
    tmp_path: Path,
) -> None:
    script = """
import sys
for name in ("sqlalchemy", "sqlglot", "pymysql"):
    sys.modules[name] = None
from api.cli.main import main
sys.argv = ["dynastrata", "migrate", "check", sys.argv[1]]
main()
"""
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(v1()))
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: migrations need ")
    assert line.endswith("pip install 'dynastrata[migration]'")
