"""What a newcomer meets: the version, completion, advice, and tables in pipes."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from api.cli.output import say_table
from tests.commands import Cli
from tests.deployed import OWN_KEY

IN_MEMORY = {"DYNASTRATA_PROVIDER": "memory"}
ON_MOTO = {
    "DYNASTRATA_PROVIDER": "dynamodb",
    "DYNASTRATA_REGION": "eu-west-1",
    "DYNASTRATA_SIGNING_KEY": OWN_KEY,
}


def test_a_table_in_a_pipe_has_a_line_for_each_row_and_cuts_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = '{"lines":["' + "x" * 500 + '"]}'
    say_table("Events", ("version", "data"), [(1, data)], numbers=("version",), caption="1 page")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if data in line]
    assert lines[0].strip() == "Events"
    assert max(map(len, lines)) < len(data) + 40


def test_the_version_is_told(command: Cli) -> None:
    assert command("--version").stdout == f"dynastrata {version('dynastrata')}\n"


def test_shells_can_complete_commands(command: Cli) -> None:
    assert "--show-completion" in command("--help").stdout


def test_there_is_nothing_to_ask_before_deleting_in_memory(command: Cli) -> None:
    result = command("tables", "delete", **IN_MEMORY)
    assert (result.exit_code, result.stdout) == (0, "The memory provider has no tables.\n")


@pytest.mark.usefixtures("moto_client")
def test_whoever_lacks_a_table_is_told_how_to_make_it(command: Cli) -> None:
    result = command("events", "read", "Order", "7", **ON_MOTO)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: Query on events: no such table, index, stream or buck")
    assert result.stderr.endswith(
        "; `dynastrata tables create` makes the tables that are missing\n"
    )
