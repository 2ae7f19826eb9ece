"""What is wrong with a store is found, and told with what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infrastructure.doctor.finding import Level
from infrastructure.dynamodb.schema.table_schema import Capacity
from tests.doctor.samples import Looked, ShiftedClock
from tests.stores import client_of
from tests.unit.dynamodb.scripted import ScriptedClient

HOUR = timedelta(hours=1)


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.engine)])
def looked(request: pytest.FixtureRequest) -> Looked:
    """A store whose tables are not there yet."""
    if request.param == "moto":
        return Looked(request.getfixturevalue("moto_client"))
    return Looked(client_of(request.getfixturevalue("ministack").endpoint_url))


def test_tables_that_are_as_they_should_be_are_no_fault(looked: Looked) -> None:
    looked.initializer.create_missing()
    found = looked.findings()
    levels = {name: found[name].level for name in list(found)[:4]}
    assert levels == {
        "store": Level.OK,
        "clock": Level.OK,
        f"table {looked.table('outbox')}": Level.OK,
        f"table {looked.table('inbox')}": Level.OK,
    }


def test_a_missing_table_is_found(looked: Looked) -> None:
    looked.initializer.create_missing()
    looked.client.delete_table(TableName=looked.table("inbox"))
    fault = looked.faults()[f"table {looked.table('inbox')}"]
    assert fault.found == "it is missing"
    assert "dynastrata tables create; or correct DYNASTRATA_TABLE_PREFIX" in fault.advice


def test_a_store_without_any_table_is_still_looked_at(looked: Looked) -> None:
    found = looked.findings()
    assert found["store"].level is Level.OK
    assert found["engine"].level is Level.WARNING
    assert [name for name in found if found[name].level is Level.FAULT] == [
        f"table {looked.table('outbox')}",
        f"table {looked.table('inbox')}",
    ]


def test_an_index_that_is_wrong_is_found(looked: Looked) -> None:
    creation: Any = looked.schemas[0].creation(Capacity())
    creation["GlobalSecondaryIndexes"][0]["Projection"] = {"ProjectionType": "KEYS_ONLY"}
    looked.client.create_table(**creation)
    fault = looked.faults()[f"table {looked.table('outbox')}"]
    assert "index outstanding projects" in fault.found
    assert "an index that differs has to be deleted first" in fault.advice


def test_an_index_that_is_missing_is_found(looked: Looked) -> None:
    creation: Any = looked.schemas[0].creation(Capacity())
    del creation["GlobalSecondaryIndexes"]
    used = {key["AttributeName"] for key in creation["KeySchema"]}
    definitions = creation["AttributeDefinitions"]
    creation["AttributeDefinitions"] = [d for d in definitions if d["AttributeName"] in used]
    looked.client.create_table(**creation)
    fault = looked.faults()[f"table {looked.table('outbox')}"]
    assert "index outstanding is missing" in fault.found
    assert "tables create --update-existing" in fault.advice


def test_a_stream_that_is_off_is_found(looked: Looked) -> None:
    looked.initializer.create_missing()
    looked.client.update_table(
        TableName=looked.table("outbox"), StreamSpecification={"StreamEnabled": False}
    )
    fault = looked.faults()[f"table {looked.table('outbox')}"]
    assert fault.found == "no stream of NEW_AND_OLD_IMAGES"
    assert "tables create --update-existing" in fault.advice


def test_a_time_to_live_that_is_off_is_found(looked: Looked) -> None:
    looked.initializer.create_missing()
    looked.client.update_time_to_live(
        TableName=looked.table("inbox"),
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"},
    )
    fault = looked.faults()[f"table {looked.table('inbox')}"]
    assert fault.found == "no time-to-live on ttl"
    assert "tables create --update-existing" in fault.advice


@pytest.mark.parametrize(("ahead", "way"), [(HOUR, "ahead"), (-HOUR, "behind")])
@pytest.mark.engine
def test_a_clock_that_is_wrong_is_found(ahead: timedelta, way: str, ministack: Any) -> None:
    looked = Looked(client_of(ministack.endpoint_url))
    fault = looked.faults(ShiftedClock(ahead))["clock"]
    assert f"seconds {way} of the store's clock" in fault.found
    assert "time service" in fault.advice


def refusal(code: str, **headers: str) -> ClientError:
    metadata = {"HTTPStatusCode": 400, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "DescribeTable")


def test_credentials_that_are_refused_are_one_fault() -> None:
    looked = Looked(ScriptedClient([refusal("UnrecognizedClientException")]))
    (fault,) = looked.findings().values()
    assert (fault.check, fault.level) == ("store", Level.FAULT)
    assert "UnrecognizedClientException" in fault.found
    assert "credentials" in fault.advice


def test_a_signature_that_is_refused_for_the_time_tells_of_the_clock() -> None:
    past = "Sun, 22 Nov 2020 10:00:00 GMT"
    looked = Looked(ScriptedClient([refusal("InvalidSignatureException", date=past)]))
    assert list(looked.faults()) == ["clock", "store"]


def test_a_store_that_does_not_tell_its_time_is_a_warning() -> None:
    looked = Looked(ScriptedClient([refusal("ResourceNotFoundException")]))
    assert looked.findings()["clock"].level is Level.WARNING


def test_a_store_that_cannot_be_reached_is_one_fault() -> None:
    client = ScriptedClient([EndpointConnectionError(endpoint_url="http://127.0.0.1:9")])
    (fault,) = Looked(client).findings().values()
    assert (fault.check, fault.level) == ("store", Level.FAULT)
    assert "DYNASTRATA_ENDPOINT_URL" in fault.advice
