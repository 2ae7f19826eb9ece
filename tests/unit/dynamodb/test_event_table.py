"""What reading and writing a stream asks of DynamoDB."""

from __future__ import annotations

from typing import Any

import pytest

from application.ports.event_store import StreamSlice
from domain.consistency import Loaded, StreamId
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.tables.events import DynamoDBEventTable
from tests.samples.models import PersonModel
from tests.samples.parcels import LineAdded, line
from tests.samples.people import PERSON
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, sent, unit_with_fixed_ids

STREAM = StreamId("Parcel", "1")


def table(door: Gateway) -> DynamoDBEventTable:
    return DynamoDBEventTable(door, EventModel, "events")


@pytest.mark.parametrize(
    ("bounds", "values"),
    [({}, ["1"]), ({"first": 2}, ["2"]), ({"first": 2, "last": 4}, ["2", "4"])],
)
def test_versions_of_a_stream_are_read_strongly_consistent(
    bounds: dict[str, Any], values: list[str]
) -> None:
    door = gateway({"Items": []})

    table(door).read(STREAM, **bounds)

    (method, request), *_ = sent(door)
    numbers = [value["N"] for value in told(request) if "N" in value]
    assert (method, request["ConsistentRead"], numbers) == ("query", True, values)


@pytest.mark.parametrize("backwards", [False, True])
def test_they_are_read_in_the_order_asked_for(backwards: bool) -> None:
    door = gateway({"Items": []})

    table(door).read(STREAM, backwards=backwards)

    assert sent(door)[0][1]["ScanIndexForward"] is not backwards


def test_versions_that_no_stream_has_are_read_by_no_request() -> None:
    door = gateway({"Items": []})

    found = table(door).read(STREAM, first=3, last=2)

    assert found == StreamSlice(events=(), pages=0, read_units=0.0)
    assert sent(door) == []


def test_single_event_goes_as_a_plain_write_at_half_the_price() -> None:
    door = gateway({})
    unit = unit_with_fixed_ids(DynamoDBProvider(door, TableNames(), {PERSON: PersonModel}))

    unit.streams.append(STREAM, [LineAdded(parcel_id="1", line=line(), occurred_at=NOW)], Loaded(1))
    unit.commit()

    assert [method for method, _ in sent(door)] == ["put_item"]


def told(request: dict[str, Any]) -> list[dict[str, str]]:
    return list(request["ExpressionAttributeValues"].values())
