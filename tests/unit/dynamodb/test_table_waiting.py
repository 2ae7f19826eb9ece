"""Tables take their time: it is waited for, but not for ever."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute

from application.errors import TableNotReady
from application.ports.table_initializer import TableChange
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.metering import Meter
from tests.contract.letters import Letter, Letters, PlainLetter
from tests.unit.dynamodb.scripted import FakeTime, ScriptedClient, gateway, refusal, sent


def test_table_that_stays_in_creation_is_given_up_in_time() -> None:
    time = FakeTime()
    stuck = {"Table": {"TableStatus": "CREATING"}}

    with pytest.raises(TableNotReady) as raised:
        _scripted(time, refusal("ResourceNotFoundException"), {}, stuck).create_missing()

    assert (raised.value.table, raised.value.detail) == ("letters", "CREATING after 60 s")
    assert 60 <= time.now < 61


def test_table_that_someone_else_creates_is_waited_for() -> None:
    time = FakeTime()
    stuck = {"Table": {"TableStatus": "CREATING"}}

    with pytest.raises(TableNotReady):
        _scripted(time, stuck).create_missing()

    assert 60 <= time.now < 61


BACKFILLING = {
    "TableStatus": "ACTIVE",
    "KeySchema": [],
    "AttributeDefinitions": [],
    "GlobalSecondaryIndexes": [{"IndexName": "by_sender", "IndexStatus": "CREATING"}],
}


def test_table_is_not_ready_before_its_indexes_are() -> None:
    time, missing = FakeTime(), refusal("ResourceNotFoundException")

    with pytest.raises(TableNotReady) as raised:
        _scripted(time, missing, {}, {"Table": BACKFILLING}).create_missing()

    assert raised.value.detail == "ACTIVE, CREATING after 60 s"


def test_index_that_is_being_made_is_no_index_yet() -> None:
    assert "index by_sender is being filled" in TableSchema(Letter, "letters").drift(
        BACKFILLING, {}
    )


def test_index_that_is_added_is_waited_for_as_long_as_it_is_filled_and_told() -> None:
    time, told = FakeTime(), list[TableChange]()
    filling = [{"Table": {**FILLED, "GlobalSecondaryIndexes": [_index("CREATING")]}}] * 40
    filled = {"Table": {**FILLED, "GlobalSecondaryIndexes": [_index("ACTIVE")]}}
    door = gateway({"Table": FILLED}, {"Table": FILLED}, {"Table": FILLED}, {}, *filling, filled,
                   time=time)  # fmt: skip

    _indexed(door).create_missing(update_existing=True, tell=told.append)

    assert time.now > 60
    assert told[0] == TableChange("letters", "index by_sender is being filled (0 s)", False)
    assert told[1].what.startswith("index by_sender is being filled (3")
    assert told[-1] == TableChange("letters", "index by_sender added", is_done=True)
    assert sum(each.is_done for each in told) == 1


def test_update_goes_on_where_one_was_ended_while_an_index_was_filled() -> None:
    told = list[TableChange]()
    filling = {"Table": {**FILLED, "GlobalSecondaryIndexes": [_index("CREATING")]}}
    filled = {"Table": {**FILLED, "GlobalSecondaryIndexes": [_index("ACTIVE")]}}
    door = gateway(filling, filling, filled)

    _indexed(door).create_missing(update_existing=True, tell=told.append)

    assert {method for method, _ in sent(door)} == {"describe_table"}
    assert [each.what for each in told] == ["index by_sender is being filled (0 s)"]


def test_index_that_is_never_filled_is_given_up_in_time() -> None:
    time = FakeTime()
    filling = {"Table": {**FILLED, "GlobalSecondaryIndexes": [_index("CREATING")]}}

    with pytest.raises(TableNotReady) as raised:
        _indexed(gateway(filling, time=time)).create_missing(update_existing=True)

    assert raised.value.detail == "index by_sender is being filled after 600 s"
    assert 600 <= time.now < 610


def test_table_that_is_never_gone_is_given_up_in_time() -> None:
    time = FakeTime()
    deleting = {"Table": {"TableStatus": "DELETING"}}

    with pytest.raises(TableNotReady) as raised:
        _scripted(time, {}, deleting).delete_all()

    assert raised.value.detail == "DELETING after 60 s"


def test_table_whose_creation_was_answered_late_still_gets_its_time_to_live() -> None:
    missing = refusal("ResourceNotFoundException")
    in_use = refusal("ResourceInUseException")
    active = {"Table": {"TableStatus": "ACTIVE"}}
    off = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    client = ScriptedClient([missing, in_use, active, off, {}])

    created = DynamoDBTableInitializer(
        Gateway(client, Meter(), FakeTime().policy()), [TableSchema(Letter, "letters")], Capacity()
    ).create_missing()

    assert created == []
    assert client.methods[-1] == "update_time_to_live"


FILLED = {
    "TableStatus": "ACTIVE",
    "KeySchema": [],
    "AttributeDefinitions": [],
}


class IndexedLetter(PlainLetter):
    """A table with an index and nothing else."""

    class Meta:
        table_name = "letters"

    sender = UnicodeAttribute()
    by_sender = Letters()


def _index(status: str) -> dict[str, Any]:
    return {"IndexName": "by_sender", "IndexStatus": status, "KeySchema": []}


def _indexed(door: Gateway) -> DynamoDBTableInitializer:
    schemas = [TableSchema(IndexedLetter, "letters")]
    return DynamoDBTableInitializer(door, schemas, Capacity(), filling_patience=600)


def _scripted(time: FakeTime, *answers: Any) -> DynamoDBTableInitializer:
    door = gateway(*answers, time=time)
    return DynamoDBTableInitializer(door, [TableSchema(PlainLetter, "letters")], Capacity())
