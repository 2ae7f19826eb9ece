"""`dynastrata doctor`: a line a finding, and an exit code."""

from __future__ import annotations

import json

import pytest

from infrastructure.settings.settings import Settings
from tests.commands import Cli

LOCAL = {"DYNASTRATA_PROVIDER": "dynamodb", "DYNASTRATA_REGION": "us-east-1"}


def test_a_service_that_is_well_exits_with_0(cli: Cli, settings: Settings) -> None:
    cli("tables", "create")
    result = cli("doctor")
    assert (result.exit_code, "fault" in result.stdout) == (0, False), result.output
    assert "ok      settings: those of test are in order\n" in result.stdout
    in_memory = "the provider memory needs nothing that could be missing"
    assert (in_memory in result.stdout) is (settings.provider == "memory")


@pytest.mark.engine
@pytest.mark.parametrize("settings", ["dynamodb"], indirect=True)
def test_a_service_without_tables_and_bucket_is_told_what_to_do(cli: Cli) -> None:
    result = cli("doctor", DYNASTRATA_BLOB_BUCKET="no-such-bucket")
    assert result.exit_code == 3
    assert "events: it is missing -> deploy the stack" in result.stdout
    assert "the bucket no-such-bucket is missing -> create it" in result.stdout


def test_a_store_that_cannot_be_reached_is_one_line_and_no_traceback(command: Cli) -> None:
    result = command("doctor", **LOCAL, DYNASTRATA_ENDPOINT_URL="http://127.0.0.1:9")
    faults = [line for line in result.stdout.splitlines() if line.startswith("fault")]
    assert (result.exit_code, len(faults)) == (3, 1)
    assert "store: " in faults[0]
    assert "Traceback" not in result.output


def test_a_setting_that_is_wrong_is_a_fault_with_its_name(command: Cli) -> None:
    result = command("doctor", "--json", DYNASTRATA_RETRY_ATTEMPTS="0")
    assert result.exit_code == 3
    (finding,) = json.loads(result.stdout)
    assert (finding["check"], finding["level"]) == ("settings", "fault")
    assert "DYNASTRATA_RETRY_ATTEMPTS" in finding["found"]
