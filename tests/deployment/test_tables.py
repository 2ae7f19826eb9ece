"""The template describes the tables that the initializer creates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from api.composition.clients import make_client
from api.composition.dynamodb import make_capacity, make_table_schemas
from infrastructure.deployment.template import template
from infrastructure.deployment.yaml import to_yaml
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.engines import LocalEngine
from infrastructure.metering import Meter
from infrastructure.settings.settings import Settings
from tests.deployment.driving import ACCOUNT
from tests.deployment.rows import CONTEXTS
from tests.deployment.samples import PROVISIONED, deployment_of, of_type, settings_of
from tests.stores import PATIENCE, REGION, client_of

Properties = Mapping[str, Any]

OTHER = "210987654321"

ALARMS = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"

ADDED = {"PointInTimeRecoverySpecification", "SSESpecification"}
"""What the initializer leaves as a new table has it."""


def tables(settings: Settings) -> dict[str, Properties]:
    """The properties of each table of the template, by its physical name."""
    resources = of_type(template(deployment_of(settings)), "AWS::DynamoDB::Table").values()
    return {each["Properties"]["TableName"]: each["Properties"] for each in resources}


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.engine)])
def client(request: pytest.FixtureRequest) -> Client:
    if request.param == "moto":
        return request.getfixturevalue("moto_client")
    return client_of(request.getfixturevalue(request.param).endpoint_url)


@pytest.fixture(params=[{}, PROVISIONED], ids=["on demand", "provisioned"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings whose tables are the test's own."""
    prefix = f"test-{uuid4().hex}-"
    own = {"table_prefix": prefix, "tables": {"events": f"{prefix}history"}}
    return settings_of(**own, **request.param)


def initializer(client: Client, settings: Settings) -> DynamoDBTableInitializer:
    schemas = make_table_schemas(settings, CONTEXTS).values()
    gateway = Gateway(client, Meter(), RetryPolicy())
    return DynamoDBTableInitializer(gateway, schemas, make_capacity(settings))


def described(client: Client, name: str) -> Properties:
    """A table as an engine describes it, in the words of a template."""
    table = client.describe_table(TableName=name)["Table"]
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    found: dict[str, Any] = {
        "TableName": table["TableName"],
        "AttributeDefinitions": by_name(table["AttributeDefinitions"]),
        "BillingMode": billing,
        **of_keys(table, billing),
    }
    if indexes := table.get("GlobalSecondaryIndexes"):
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index["IndexName"],
                "Projection": index["Projection"],
                **of_keys(index, billing),
            }
            for index in indexes
        ]
    if stream := table.get("StreamSpecification"):
        assert stream["StreamEnabled"]
        found["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    if ttl["TimeToLiveStatus"] == "ENABLED":
        found["TimeToLiveSpecification"] = {
            "AttributeName": ttl["AttributeName"],
            "Enabled": True,
        }
    return found


def of_keys(described: Properties, billing: str) -> dict[str, Any]:
    found: dict[str, Any] = {"KeySchema": by_name(described["KeySchema"])}
    if billing == "PROVISIONED":
        units = ("ReadCapacityUnits", "WriteCapacityUnits")
        throughput = described["ProvisionedThroughput"]
        found["ProvisionedThroughput"] = {unit: throughput[unit] for unit in units}
    return found


def by_name(members: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(members, key=lambda member: member["AttributeName"])


def in_order(properties: Properties) -> Properties:
    """A table of a template, as far as the initializer makes it, with sorted attributes."""
    found = {k: v for k, v in properties.items() if k not in ADDED}
    found["AttributeDefinitions"] = by_name(found["AttributeDefinitions"])
    found["KeySchema"] = by_name(found["KeySchema"])
    if "GlobalSecondaryIndexes" in found:
        found["GlobalSecondaryIndexes"] = [
            {**index, "KeySchema": by_name(index["KeySchema"])}
            for index in found["GlobalSecondaryIndexes"]
        ]
    return found


def test_the_template_describes_exactly_the_tables_that_the_initializer_creates(
    client: Client, settings: Settings
) -> None:
    created = initializer(client, settings).create_missing()
    try:
        there = {name: described(client, name) for name in created}
    finally:
        initializer(client, settings).delete_all()
    found = tables(settings)
    assert {name: in_order(table) for name, table in found.items()} == there


def test_tables_made_as_the_template_says_drift_in_nothing(
    client: Client, settings: Settings
) -> None:
    for properties in tables(settings).values():
        create(client, properties)
    subject = initializer(client, settings)
    try:
        assert subject.create_missing() == []
        assert {(each.state, each.drift) for each in subject.status()} == {("ACTIVE", ())}
    finally:
        subject.delete_all()


@pytest.mark.engine
def test_a_stack_of_the_template_has_what_the_service_expects(
    ministack: LocalEngine, settings: Settings
) -> None:
    name = uuid4().hex
    settings = evolve(
        settings,
        blob_bucket=f"blobs-{name}",
        destinations={
            "people": f"sqs:{ministack.endpoint_url}/{ACCOUNT}/people-{name}.fifo",
            "numbers": f"sns:arn:aws:sns:{REGION}:{ACCOUNT}:numbers-{name}",
            "audit": f"eventbridge:audit-{name}",
            "others": f"sns:arn:aws:sns:{REGION}:{OTHER}:others-{name}",
        },
    )
    created = create_stack(ministack, f"stack-{name}", settings)
    assert {"PeopleQueue", "PeopleDeadLetterQueue", "NumbersTopic", "AuditBus"} <= created
    assert {"BlobBucket", "BlobBucketPolicy", "OutboxAgeAlarm"} <= created
    assert "OthersTopic" not in created  # which is another account's
    client = client_of(ministack.endpoint_url)
    there = {table: described(client, table) for table in tables(settings)}
    initializer(client, settings).delete_all()
    expected = {table: dict(in_order(found)) for table, found in tables(settings).items()}
    for found in expected.values():
        found.pop("TimeToLiveSpecification", None)  # which this engine leaves out of a stack
    assert there == expected


def create_stack(engine: LocalEngine, name: str, settings: Settings) -> set[str]:
    """Creates what the template says; the ids of what was created."""
    patient = Settings(
        endpoint_url=engine.endpoint_url, region=REGION, read_timeout_seconds=PATIENCE
    )
    stacks = make_client(patient, "cloudformation")
    topic = {"ParameterKey": "AlarmTopicArn", "ParameterValue": ALARMS}
    found = template(deployment_of(settings))
    # The engine knows no alarm on a query, and not in which account a condition is looked at.
    known = {k: v for k, v in found["Resources"].items() if "Metrics" not in v["Properties"]}
    plain = json.dumps({**found, "Resources": known})
    body = to_yaml(json.loads(plain.replace('{"Ref": "AWS::AccountId"}', f'"{ACCOUNT}"')))
    stacks.create_stack(StackName=name, TemplateBody=body, Parameters=[topic])
    patience = {"Delay": 1, "MaxAttempts": 60}
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=patience)
    listed = stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {each["LogicalResourceId"] for each in listed}


def create(client: Client, properties: Properties) -> None:
    request = {k: v for k, v in properties.items() if k not in {*ADDED, "TimeToLiveSpecification"}}
    if stream := request.pop("StreamSpecification", None):
        request["StreamSpecification"] = {"StreamEnabled": True, **stream}
    client.create_table(**request)
    if ttl := properties.get("TimeToLiveSpecification"):
        client.update_time_to_live(TableName=request["TableName"], TimeToLiveSpecification=ttl)
