"""What an event looks like to somebody who reads the table with plain boto3."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any
from uuid import uuid4

import orjson
import pytest

from application.ports.event_store import EventMetadata
from domain.consistency import NoStream, StreamId
from infrastructure.contexts.context import Context, Contexts
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.models.events import event_model
from infrastructure.dynamodb.models.snapshots import SnapshotModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.engines import LocalEngine
from infrastructure.events.snapshots import Snapshot
from infrastructure.metering import Meter
from infrastructure.unit_of_work import CommitOptions
from tests.events.samples import NOTED, OPTIONS, noted
from tests.samples.parcels import line, new_parcel
from tests.stores import Store, client_of, dynamodb_store
from tests.times import NOW

STREAM = StreamId("Billing:Note", "50%")
METADATA = EventMetadata(correlation_id="request", causation_id="command", actor="ada")


def raw_items(store: Store, engine: LocalEngine, table: str) -> list[dict[str, Any]]:
    items = client_of(engine.endpoint_url).scan(TableName=store.table(table))["Items"]
    return sorted(items, key=lambda item: float(item.get("sk", {"N": "0"})["N"]))


def test_an_event_has_the_documented_attributes(engine: LocalEngine) -> None:
    store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    store.options = OPTIONS
    store.event_store().append(STREAM, noted("a", "b"), NoStream(), METADATA)
    first, second = raw_items(store, engine, "events")
    event_data, metadata = second.pop("eventData"), second.pop("metadata")
    assert first["eventId"] != second.pop("eventId")
    assert second.pop("commitId") == first["commitId"]
    assert second == {
        "pk": {"S": "Billing%3ANote:50%25"},
        "sk": {"N": "2"},
        "aggregateId": {"S": "50%"},
        "aggregateType": {"S": "Billing:Note"},
        "eventType": {"S": "Noted"},
        "version": {"N": "2"},
        "timestamp": {"S": "2046-11-20T12:00:00+00:00"},
        "isDispatched": {"BOOL": False},
        "commitFirst": {"N": "1"},
        "commitCount": {"N": "2"},
    }
    assert orjson.loads(b64decode(event_data["S"])) == {
        "occurred_at": "2046-11-20T12:00:00+00:00",
        "text": "b",
        "stars": 0,
    }
    assert orjson.loads(metadata["S"]) == {
        "actor": "ada",
        "causationId": "command",
        "correlationId": "request",
        "schemaVersion": 1,
    }


def test_an_event_says_whether_its_message_was_written_with_it(engine: LocalEngine) -> None:
    store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    parcel = new_parcel()
    with store.unit_of_work() as unit:
        unit.parcels.add(parcel)
        parcel.add_line(line("extra"), NOW)
        unit.commit()
    placed, added = raw_items(store, engine, "events")
    assert [placed["eventType"]["S"], added["eventType"]["S"]] == ["ParcelPlaced", "LineAdded"]
    assert [placed["isDispatched"]["BOOL"], added["isDispatched"]["BOOL"]] == [True, False]
    (message,) = client_of(engine.endpoint_url).scan(TableName=store.table("outbox"))["Items"]
    assert message["messageType"] == placed["eventType"]
    assert message["commitId"] == placed["commitId"]


def test_a_snapshot_has_the_documented_attributes(engine: LocalEngine) -> None:
    store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    snapshot = Snapshot(stream=STREAM, version=7, schema_version=1, state=b'{"id":"50%"}')
    assert store.provider.snapshots().write(snapshot)
    assert raw_items(store, engine, "snapshots") == [
        {
            "pk": {"S": "Billing%3ANote:50%25"},
            "version": {"N": "7"},
            "schemaVersion": {"N": "1"},
            "state": {"S": b64encode(b'{"id":"50%"}').decode()},
        }
    ]


def test_the_table_and_its_keys_are_named_by_settings(engine: LocalEngine) -> None:
    client = client_of(engine.endpoint_url)
    gateway = Gateway(client, Meter(), RetryPolicy())
    model = event_model(partition_key="streamKey", sort_key="eventNumber")
    tables = TableNames(f"test-{uuid4().hex}-", {"events": f"ledger-{uuid4().hex}"})
    schemas = [TableSchema(m, tables.physical(m.Meta.table_name)) for m in (model, SnapshotModel)]
    DynamoDBTableInitializer(gateway, schemas, Capacity()).create_missing()
    store = Store(engine.name, DynamoDBProvider(gateway, tables, event_model=model))
    store.options = CommitOptions(contexts=Contexts([Context(event_types=(NOTED,))]))
    store.event_store().append(STREAM, noted("a", "b"), NoStream())
    assert [event.version for event in store.event_store().read(STREAM, first=2).events] == [2]
    items = client.scan(TableName=store.table("events"))["Items"]
    assert {item["streamKey"]["S"] for item in items} == {"Billing%3ANote:50%25"}
    assert {item["eventNumber"]["N"] for item in items} == {"1", "2"}
    assert not any({"pk", "sk"} & item.keys() for item in items)


@pytest.mark.engine
def test_the_stream_of_the_table_shows_new_images(ministack: LocalEngine) -> None:
    store = dynamodb_store("ministack", client_of(ministack.endpoint_url))
    table = client_of(ministack.endpoint_url).describe_table(TableName=store.table("events"))
    assert table["Table"]["StreamSpecification"] == {
        "StreamEnabled": True,
        "StreamViewType": "NEW_IMAGE",
    }
