"""Read units by our own size function, proven against Amazon's own engine.

But for what is not there: DynamoDB Local counts nothing for a query or a batch that finds nothing,
where the documentation counts a unit.
"""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure.dynamodb.gateway.gateway import read_units, reported_units
from infrastructure.engines import LocalEngine
from tests.stores import client_of, dynamodb_store

pytestmark = pytest.mark.engine

SIZES = (0, 1, 300, 4_000, 4_090, 4_200, 8_200, 50_000, 390_000)


@pytest.fixture(scope="module")
def filled(dynamodb_local: LocalEngine) -> tuple[Any, str]:
    """A client, and a table of items of many sizes, all of one partition."""
    client = client_of(dynamodb_local.endpoint_url)
    table = dynamodb_store("dynamodb_local", client).table("events")
    for number, size in enumerate(SIZES, 1):
        item = {
            "pk": {"S": "Some:thing"},
            "sk": {"N": str(number)},
            "text": {"S": "ä" * (size // 2)},
            "nested": {"M": {"numbers": {"L": [{"N": "-12.5"}, {"N": "1000"}]}}},
            "flags": {"SS": ["a", "bc"]},
            "none": {"NULL": True},
        }
        client.put_item(TableName=table, Item=item)
    return client, table


def test_reading_one_item_costs_what_the_rules_say(filled: tuple[Any, str]) -> None:
    client, table = filled
    for number in range(1, len(SIZES) + 2):
        for consistent in (True, False):
            key = {"pk": {"S": "Some:thing"}, "sk": {"N": str(number)}}
            request = {"TableName": table, "Key": key, "ConsistentRead": consistent}
            answer = client.get_item(**request, ReturnConsumedCapacity="TOTAL")
            expected, _ = reported_units("GetItem", answer)
            assert read_units("GetItem", request, answer) == expected, (number, consistent)


def test_a_query_costs_what_the_rules_say(filled: tuple[Any, str]) -> None:
    client, table = filled
    for last in range(1, len(SIZES) + 1):
        request = {
            "TableName": table,
            "KeyConditionExpression": "pk = :pk AND sk <= :last",
            "ExpressionAttributeValues": {":pk": {"S": "Some:thing"}, ":last": {"N": str(last)}},
            "ConsistentRead": True,
        }
        answer = client.query(**request, ReturnConsumedCapacity="TOTAL")
        expected, _ = reported_units("Query", answer)
        assert read_units("Query", request, answer) == expected, last


def test_a_batch_costs_what_the_rules_say(filled: tuple[Any, str]) -> None:
    client, table = filled
    keys = [{"pk": {"S": "Some:thing"}, "sk": {"N": str(n)}} for n in range(1, len(SIZES) + 1)]
    request = {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}}
    answer = client.batch_get_item(**request, ReturnConsumedCapacity="TOTAL")
    expected, _ = reported_units("BatchGetItem", answer)
    assert read_units("BatchGetItem", request, answer) == expected
