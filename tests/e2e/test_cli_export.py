import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infrastructure.contexts.registered import REGISTERED
from tests.commands import Cli
from tests.migration.contract.documents import v2

ACCOUNT = "123456789012"
SHOP = {
    "DYNASTRATA_PROVIDER": "dynamodb",
    "DYNASTRATA_REGION": "eu-central-1",
    "DYNASTRATA_TABLE_PREFIX": "shop-",
    "DYNASTRATA_USERS_TABLE": "people",
    "DYNASTRATA_BLOB_BUCKET": "shop-blobs",
    "DYNASTRATA_ORDERS_DESTINATION": f"sqs:https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/orders",
}


def exported(command: Cli, *arguments: str, **env: str) -> str:
    result = command("export", *arguments, **{**SHOP, **env})
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def test_the_template_is_yaml_unless_it_is_asked_for_as_json(command: Cli) -> None:
    template: dict[str, Any] = yaml.safe_load(exported(command, "cloudformation"))
    assert template == json.loads(exported(command, "cloudformation", "--format", "json"))
    resources = template["Resources"].values()
    tables = {
        each["Properties"]["TableName"]
        for each in resources
        if each["Type"] == "AWS::DynamoDB::Table"
    }
    shared = {f"shop-{name}" for name in REGISTERED.tables if name != "users"}
    assert tables == {"people", *shared}
    assert {"AWS::S3::Bucket", "AWS::SQS::Queue"} <= {each["Type"] for each in resources}


@pytest.mark.parametrize("provider", ["memory", "dynamodb"])
def test_the_template_is_the_same_whatever_the_provider(command: Cli, provider: str) -> None:
    exported_there = exported(command, "cloudformation", DYNASTRATA_PROVIDER=provider)
    assert exported_there == exported(command, "cloudformation")


def test_policies_are_by_role_unless_one_is_named(command: Cli) -> None:
    every = json.loads(exported(command, "iam", "--account", ACCOUNT))
    assert list(every) == ["application", "relay", "projector", "read-only"]
    relay = json.loads(exported(command, "iam", "--role", "relay", "--account", ACCOUNT))
    assert relay == every["relay"]
    assert f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders" in json.dumps(relay)


@pytest.fixture
def contract(tmp_path: Path) -> str:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(v2()))
    return str(file)


@pytest.mark.parametrize("role", ["migration", "contract-application"])
def test_the_tables_of_a_contract_are_those_of_its_roles(
    command: Cli, contract: str, role: str
) -> None:
    every = json.loads(exported(command, "iam", "--contract", contract))
    policy = exported(command, "iam", "--role", role, "--contract", contract)
    assert json.loads(policy) == every[role]
    for table in ("Loans", "migration-claims", "migration-phases", "migration-journal"):
        assert f"arn:aws:dynamodb:eu-central-1:*:table/shop-{table}" in policy
    assert "table/people" not in policy
    assert "shop-Loans" not in json.dumps(every["application"])


def test_a_role_of_a_contract_without_one_names_the_option(command: Cli) -> None:
    result = command("export", "iam", "--role", "migration", **SHOP)
    assert result.exit_code == 2
    assert "--contract" in result.stderr
    assert "the tables of the role migration are those of a contract" in _line(result.stderr)


def test_a_contract_beside_another_role_is_refused(command: Cli, contract: str) -> None:
    result = command("export", "iam", "--role", "relay", "--contract", contract, **SHOP)
    assert result.exit_code == 2
    assert "it is for migration and contract-application" in _line(result.stderr)


def test_a_contract_that_cannot_run_is_told_with_its_problems(command: Cli, tmp_path: Path) -> None:
    file = tmp_path / "contract.json"
    file.write_text("[]")
    result = command("export", "iam", "--contract", str(file), **SHOP)
    assert (result.exit_code, result.stderr) == (1, "error: contract: names no table\n")


def _line(text: str) -> str:
    """A message that is printed in a box, in one line."""
    return " ".join(text.replace("│", " ").split())


def test_without_an_account_resources_of_any_are_named(command: Cli) -> None:
    policy = exported(command, "iam", "--role", "application")
    assert "arn:aws:dynamodb:eu-central-1:*:table/people" in policy


def test_the_partition_is_that_of_the_region(command: Cli) -> None:
    policy = exported(command, "iam", "--role", "read-only", DYNASTRATA_REGION="cn-north-1")
    assert "arn:aws-cn:dynamodb:cn-north-1:*:table/people" in policy


def test_a_wrong_setting_is_exit_code_2(command: Cli) -> None:
    result = command("export", "iam", **SHOP, DYNASTRATA_ENVIRONMENT="production")
    assert result.exit_code == 2
    assert "DYNASTRATA_SIGNING_KEY" in result.stderr
