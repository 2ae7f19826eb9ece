"""The tables of a contract, as they are asked for and as they are made."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.migration.contract import Contract, Index
from infrastructure.migration.tables import table_schemas
from tests.migration.items.making import attribute, entity, index, table, templated
from tests.stores import Store, on_dynamodb

BY_DAY = Index("gsis[0]", "ByDay", "day", "n", "INCLUDE", ("note",))
BY_NOTE = Index("gsis[1]", "by-note.2", "note", None, "KEYS_ONLY")
PHOTOS = table(
    entity(
        templated("PK", "P#{n}"),
        attribute("n", "N"),
        attribute("day"),
        attribute("note", "B"),
    ),
    hash_key="PK",
    range_key="n",
    indexes=(BY_DAY, BY_NOTE),
    name="Photos",
)


def test_keys_and_indexes_have_the_types_of_the_contract() -> None:
    photos, claims = table_schemas(Contract((PHOTOS,)), TableNames("shop-"))
    request = photos.creation(Capacity())
    assert request["TableName"] == "shop-Photos"
    assert request["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ]
    kinds = {
        each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]
    }
    assert kinds == {"PK": "S", "n": "N", "day": "S", "note": "B"}
    by_day, by_note = request["GlobalSecondaryIndexes"]
    assert by_day["IndexName"] == "ByDay"
    assert by_day["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}
    assert by_note["KeySchema"] == [{"AttributeName": "note", "KeyType": "HASH"}]
    assert by_note["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert claims.name == "shop-migration-claims"
    assert claims.key_types == {"pk": "S"}


@on_dynamodb
def test_the_tables_of_a_contract_are_made_and_do_not_differ(
    make_store: Callable[[], Store],
) -> None:
    names = TableNames(f"test-{uuid4().hex}-")
    schemas = table_schemas(Contract((PHOTOS,)), names)
    initializer = DynamoDBTableInitializer(make_store().gateway, schemas, Capacity())
    assert sorted(initializer.create_missing()) == sorted(each.name for each in schemas)
    assert [each.drift for each in initializer.status()] == [(), ()]
    assert initializer.create_missing() == []
    initializer.delete_all()


@pytest.mark.parametrize(
    ("whole", "reason"),
    [
        (table(entity(attribute("name"))), "the key id is no attribute"),
        (table(entity(attribute("id", "M"))), "the key id is of type M"),
        (
            table(entity(attribute("id")), entity(attribute("id", "N"), name="B")),
            "the key id is of type N and S",
        ),
        (
            table(entity(attribute("id")), indexes=(index("by_x", "x"),)),
            "the key x is no attribute",
        ),
    ],
)
def test_a_key_that_no_table_can_have_is_named(whole: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        table_schemas(Contract((whole,)), TableNames())  # type: ignore[arg-type]  # parametrised
