"""Where logical tables are."""

from __future__ import annotations

import pytest

from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from tests.samples.contexts import SAMPLES
from tests.samples.models import PersonModel


@pytest.mark.parametrize(
    ("tables", "physical"),
    [
        (TableNames(), "people"),
        (TableNames("prod-"), "prod-people"),
        (TableNames("prod-", {"people": "people"}), "people"),
        (TableNames("prod-", {"people": ""}), "prod-people"),
        (TableNames("prod-", {"events": "facts"}), "prod-people"),
    ],
)
def test_physical_name_is_prefix_and_logical_name_or_an_override(
    tables: TableNames, physical: str
) -> None:
    assert tables.physical("people") == physical


def test_every_model_is_found_under_the_name_of_its_table() -> None:
    own = {each.aggregate_type.table: each.model() for each in SAMPLES.state_stored}
    models = {**SHARED, **own}

    assert {name: model.Meta.table_name for name, model in models.items()} == {
        name: name for name in SAMPLES.tables
    }


def test_creation_of_a_table_asks_for_its_keys_index_and_billing() -> None:
    schema = TableSchema(PersonModel, "prod-people")

    request = schema.creation(Capacity())
    request["AttributeDefinitions"] = sorted(
        request["AttributeDefinitions"], key=lambda definition: definition["AttributeName"]
    )

    assert request == {
        "TableName": "prod-people",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "listShard", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "listing",
                "KeySchema": [
                    {"AttributeName": "listShard", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    }


def test_provisioned_capacity_goes_to_the_table_and_to_its_indexes() -> None:
    request = TableSchema(PersonModel, "people").creation(Capacity("provisioned", 7, 3))

    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}
    assert request["BillingMode"] == "PROVISIONED"
    assert request["ProvisionedThroughput"] == units
    assert [i["ProvisionedThroughput"] for i in request["GlobalSecondaryIndexes"]] == [units]
