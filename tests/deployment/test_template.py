"""The template: it is valid, and says what the settings name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint

from infrastructure.deployment.template import template
from infrastructure.deployment.yaml import to_yaml
from infrastructure.telemetry.names import NAMESPACE, OUTBOX_OLDEST_AGE
from tests.deployment.samples import (
    ACCOUNT,
    PROVISIONED,
    QUEUE,
    deployment_of,
    of_type,
    settings_of,
)

MAX_BODY = 51_200
"""Bytes of a template that is not put in a bucket first. Source: CloudFormation quotas."""

HOLD_DATA = {
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::Events::EventBus",
}


def made(**changes: Any) -> dict[str, Any]:
    """The template of settings that name everything, but for these changes."""
    return template(deployment_of(settings_of(**changes)))


def only(found: dict[str, Any], type_: str) -> dict[str, Any]:
    """The properties of the one resource of a type."""
    (resource,) = of_type(found, type_).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


OTHERWISE: dict[str, Any] = {
    **PROVISIONED,
    "blob_encryption": "aws:kms",
    "destinations": {
        "people": QUEUE.removesuffix(".fifo"),
        "numbers": f"eventbridge:arn:aws:events:eu-central-1:{ACCOUNT}:event-bus/numbers",
        "audit": "log:",
    },
}


@pytest.mark.parametrize("changes", [{}, OTHERWISE], ids=["on demand, fifo", "provisioned, kms"])
def test_the_template_passes_cfn_lint(changes: dict[str, Any]) -> None:
    assert lint(to_yaml(made(**changes))) == []


def test_cfn_lint_finds_what_is_wrong() -> None:
    table = made()["Resources"]["EventsTable"]
    table["Properties"]["BillingMode"] = "FREE"
    assert lint(to_yaml({"Resources": {"EventsTable": table}})) != []


@pytest.mark.parametrize("billing", [{}, PROVISIONED], ids=["on demand", "provisioned"])
def test_a_template_with_a_long_prefix_needs_no_bucket(billing: dict[str, Any]) -> None:
    prefix = "production-academy-"
    assert len(to_yaml(made(table_prefix=prefix, **billing)).encode()) < MAX_BODY


def test_what_holds_data_is_retained() -> None:
    found = made()["Resources"].values()
    assert {each["Type"] for each in found} >= HOLD_DATA
    kept = {
        (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy"))
        for each in found
        if each["Type"] in HOLD_DATA
    }
    assert kept == {("Retain", "Retain")}


def test_tables_have_backups_and_are_encrypted_by_a_key_that_aws_owns() -> None:
    for table in of_type(made(), "AWS::DynamoDB::Table").values():
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True
        }
        assert table["Properties"]["SSESpecification"] == {"SSEEnabled": False}


def test_the_outputs_are_the_streams_of_tables() -> None:
    assert set(made()["Outputs"]) == {
        "EventsStreamArn",
        "OutboxStreamArn",
        "TaggedEventsStreamArn",
    }
    assert "EventsStreamArn" not in made(events_streams_enabled=False)["Outputs"]


@pytest.mark.parametrize(
    ("setting", "algorithm"), [("AES256", "AES256"), ("aws:kms", "aws:kms"), ("bucket", "AES256")]
)
def test_the_bucket_is_private_has_versions_and_is_encrypted_as_blobs_are(
    setting: str, algorithm: str
) -> None:
    bucket = only(made(blob_encryption=setting), "AWS::S3::Bucket")
    assert bucket["BucketName"] == "shop-blobs"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": algorithm}


def test_the_bucket_refuses_requests_without_tls() -> None:
    (statement,) = only(made(), "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == (
        "Deny",
        "s3:*",
        "*",
    )
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("changes", [{"blob_bucket": None}, {"blob_store": "file"}])
def test_there_is_no_bucket_where_blobs_are_elsewhere(changes: dict[str, Any]) -> None:
    assert of_type(made(**changes), "AWS::S3::Bucket") == {}


def test_a_queue_has_one_for_its_dead_letters_that_keeps_the_order_too() -> None:
    queues = of_type(made(), "AWS::SQS::Queue")
    assert {id_: each["Properties"]["QueueName"] for id_, each in queues.items()} == {
        "PeopleQueue": "people.fifo",
        "PeopleDeadLetterQueue": "people-dead-letters.fifo",
    }
    assert {each["Properties"]["FifoQueue"] for each in queues.values()} == {True}
    redrive = queues["PeopleQueue"]["Properties"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["PeopleDeadLetterQueue", "Arn"]}


def test_what_another_account_has_is_left_to_that_account() -> None:
    found = made()
    assert found["Conditions"][f"IsAccount{ACCOUNT}"] == {
        "Fn::Equals": [{"Ref": "AWS::AccountId"}, ACCOUNT]
    }
    where = {
        id_: each["Condition"] for id_, each in found["Resources"].items() if "Condition" in each
    }
    assert where == dict.fromkeys(
        ("PeopleQueue", "PeopleDeadLetterQueue", "PeopleDeadLetterQueueAlarm", "NumbersTopic"),
        f"IsAccount{ACCOUNT}",
    )
    assert only(found, "AWS::Events::EventBus") == {"Name": "audit"}


def test_the_bus_that_every_account_has_is_not_created() -> None:
    arn = f"arn:aws:events:eu-central-1:{ACCOUNT}:event-bus/default"
    for bus in ("default", arn):
        found = made(destinations={"people": f"eventbridge:{bus}"})
        assert of_type(found, "AWS::Events::EventBus") == {}
        assert set(found["Conditions"]) == {"HasAlarmTopic"}


def test_two_destinations_at_one_address_are_one_resource() -> None:
    found = made(destinations={"people": QUEUE, "numbers": QUEUE})
    assert set(of_type(found, "AWS::SQS::Queue")) == {"NumbersQueue", "NumbersDeadLetterQueue"}


def test_each_table_has_alarms_on_throttling_errors_latency_and_capacity() -> None:
    alarms = set(of_type(made(), "AWS::CloudWatch::Alarm"))
    kinds = ("Throttle", "Error", "Latency", "ReadCapacity", "WriteCapacity")
    tables = [id_.removesuffix("Table") for id_ in of_type(made(), "AWS::DynamoDB::Table")]
    assert alarms == {
        *(f"{table}{kind}Alarm" for table in tables for kind in kinds),
        "OutboxAgeAlarm",
        "PeopleDeadLetterQueueAlarm",
    }


def test_an_alarm_on_capacity_rings_before_what_is_provisioned_is_used_up() -> None:
    alarms = of_type(made(**PROVISIONED), "AWS::CloudWatch::Alarm")
    read, write = (alarms[f"OutboxOutstanding{kind}CapacityAlarm"] for kind in ("Read", "Write"))
    assert read["Properties"]["Threshold"] == 7 * 300 * 80 // 100
    assert write["Properties"]["Threshold"] == 3 * 300 * 80 // 100
    assert read["Properties"]["Dimensions"] == [
        {"Name": "TableName", "Value": "shop-outbox"},
        {"Name": "GlobalSecondaryIndexName", "Value": "outstanding"},
    ]


def test_the_age_of_the_outbox_is_the_metric_that_the_service_publishes() -> None:
    alarm = made()["Resources"]["OutboxAgeAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, OUTBOX_OLDEST_AGE)
    assert "Dimensions" not in alarm
    assert alarm["InsufficientDataActions"] == alarm["AlarmActions"]


def test_the_same_settings_give_the_same_template() -> None:
    assert json.dumps(made()) == json.dumps(made())


def test_an_account_that_begins_with_zero_stays_text() -> None:
    assert to_yaml({"Account": "012345678901"}) == 'Account: "012345678901"\n'
