"""`scripts/setup-localstack.sh`, which gets a local engine ready to develop against."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.composition.clients import make_client
from infrastructure.engines import LocalEngine
from infrastructure.engines.process import LOOPBACK, reserved_port
from infrastructure.settings.checks import PREFIX
from infrastructure.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "setup-localstack.sh"
DEFAULT_PORT = 4566

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or not (ROOT / ".venv/bin/dynastrata").exists(),
    reason="the script needs bash, and would first make an environment that takes minutes",
)


def run(**variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the script as from a shell without settings of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return subprocess.run(
        [shutil.which("bash") or "bash", str(SCRIPT)],
        cwd="/",
        env=inherited | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def prefix() -> str:
    """Before the names of tables that no other test has."""
    return f"setup-{uuid4().hex}-"


@pytest.fixture
def path_without_docker(tmp_path: Path) -> str:
    """A PATH with what the script needs, and nothing else."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("bash", "cat", "dirname"):
        (programs / program).symlink_to(shutil.which(program) or program)
    return str(programs)


@pytest.fixture
def nothing_listens() -> None:
    """Skips where an engine of the developer listens on the port of LocalStack."""
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, DEFAULT_PORT)) == 0:
            pytest.skip(f"something listens on port {DEFAULT_PORT}")


def stored(engine: LocalEngine, prefix: str) -> dict[str, Any]:
    """Every table with this prefix: its description and all of its items."""
    # An engine keeps the tables of each region apart, and development has one by its file.
    client = make_client(Settings(endpoint_url=engine.endpoint_url, region="us-east-1"))
    tables = [t for t in client.list_tables()["TableNames"] if t.startswith(prefix)]
    return {
        table: (
            client.describe_table(TableName=table)["Table"],
            sorted(client.scan(TableName=table)["Items"], key=str),
        )
        for table in tables
    }


@pytest.mark.engine
def test_a_second_run_changes_nothing_and_its_next_steps_can_be_taken(
    ministack: LocalEngine, prefix: str
) -> None:
    here = {
        "DYNASTRATA_ENDPOINT_URL": ministack.endpoint_url,
        "DYNASTRATA_TABLE_PREFIX": prefix,
    }
    first = run(**here)
    after_first = stored(ministack, prefix)
    second = run(**here)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert stored(ministack, prefix) == after_first
    for table in after_first:
        assert f"{table}: created" in first.stdout
        assert f"{table}: was there, left alone" in second.stdout
    assert "Everything was there: nothing changed." in second.stdout

    steps = [line.strip() for line in second.stdout.partition("Next:")[2].splitlines()]
    export = next(step for step in steps if step.startswith("export "))
    status = next(step for step in steps if "tables status" in step)

    taken = subprocess.run(
        ["bash", "-euc", f"{export}\n{status}"],  # noqa: S607 whichever bash there is
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith(PREFIX)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert f"{prefix}events" in taken.stdout


def test_an_engine_of_ones_own_that_is_not_there_is_named(path_without_docker: str) -> None:
    with reserved_port() as port:
        url = f"http://{LOOPBACK}:{port}"
        done = run(DYNASTRATA_ENDPOINT_URL=url, PATH=path_without_docker)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"setup-localstack: nothing listens at {url}; "
        "start your engine, or unset DYNASTRATA_ENDPOINT_URL\n"
    )


@pytest.mark.usefixtures("nothing_listens")
def test_without_docker_it_says_what_is_missing(path_without_docker: str) -> None:
    done = run(PATH=path_without_docker)

    assert done.returncode == 1
    assert "docker is not installed; install it, or start another engine there" in done.stderr


@pytest.mark.usefixtures("nothing_listens")
@pytest.mark.parametrize(
    ("docker", "message"),
    [
        ("exit 1", "docker has no compose plugin"),
        ('[ "$2" = version ]', "docker compose could not start LocalStack"),
    ],
)
def test_a_docker_that_cannot_help_is_reported(
    docker: str, message: str, path_without_docker: str
) -> None:
    program = Path(path_without_docker, "docker")
    program.write_text(f"#!/bin/sh\n{docker}\n")
    program.chmod(0o755)

    done = run(PATH=path_without_docker)

    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.engine
def test_a_failing_step_ends_it_with_that_steps_message(
    ministack: LocalEngine, prefix: str
) -> None:
    done = run(
        DYNASTRATA_ENDPOINT_URL=ministack.endpoint_url,
        DYNASTRATA_TABLE_PREFIX=prefix,
        DYNASTRATA_LISTING_SHARDS="none",
    )

    assert done.returncode == 2
    assert "listing_shards (DYNASTRATA_LISTING_SHARDS): must be a whole number" in done.stderr
    assert "Ready." not in done.stdout
    assert stored(ministack, prefix) == {}
