"""Tables take their time: it is waited for, but not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from application.errors import TableNotReady
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.metering import Meter
from tests.contract.letters import Letter, PlainLetter
from tests.unit.dynamodb.scripted import FakeTime, ScriptedClient, gateway, refusal


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
    assert "index by_sender is being made" in TableSchema(Letter, "letters").drift(BACKFILLING, {})


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


def _scripted(time: FakeTime, *answers: Any) -> DynamoDBTableInitializer:
    door = gateway(*answers, time=time)
    return DynamoDBTableInitializer(door, [TableSchema(PlainLetter, "letters")], Capacity())
