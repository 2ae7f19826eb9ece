import json
from typing import Any

import pytest
import yaml

from infrastructure.contexts.registered import REGISTERED
from tests.commands import Cli

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
