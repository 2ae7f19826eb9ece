"""The table initializer on every engine: creates what is missing, leaves alone what is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from pynamodb.models import Model

from application.ports.table_initializer import TableChange, TableStatus
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.metering import Meter
from tests.contract.letters import (
    Letter,
    OtherLetter,
    PlainLetter,
    SortedLetter,
    StreamedLetter,
    WholeLetter,
)
from tests.samples.contexts import SAMPLES
from tests.stores import client_of

RACERS = 4

MODELS: dict[str, type[Model]] = {
    **{each.aggregate_type.table: each.model() for each in SAMPLES.state_stored},
    **SHARED,
}
"""The models of the service, by logical table."""


@pytest.fixture(
    params=[
        "moto",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ]
)
def client(request: pytest.FixtureRequest) -> Client:
    """Every engine in turn."""
    if request.param == "moto":
        return request.getfixturevalue("moto_client")
    return client_of(request.getfixturevalue(request.param).endpoint_url)


without_dynamodb_local = pytest.mark.parametrize(
    "client", ["moto", pytest.param("ministack", marks=pytest.mark.engine)], indirect=True
)
"""DynamoDB Local now and then leaves an index that is added to a table in CREATING for good."""


@pytest.fixture
def name() -> str:
    """A table of the test's own."""
    return f"test-{uuid4().hex}"


def initializer(
    client: Client, name: str, model: type[Model] = Letter, capacity: Capacity | None = None
) -> DynamoDBTableInitializer:
    return DynamoDBTableInitializer(
        Gateway(client, Meter(), RetryPolicy()),
        [TableSchema(model, name)],
        capacity or Capacity(),
    )


def described(client: Client, name: str) -> dict[str, Any]:
    """The table as the engine describes it."""
    table: dict[str, Any] = client.describe_table(TableName=name)["Table"]
    return table


def at_once(*calls: Callable[[], list[str]]) -> list[list[str]]:
    """What these calls return, started in the same moment."""
    barrier = Barrier(len(calls))

    def start(call: Callable[[], list[str]]) -> list[str]:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(start, calls))


def test_missing_table_is_created_with_all_that_its_model_asks_for(
    client: Client, name: str
) -> None:
    created = initializer(client, name).create_missing()

    assert created == [name]
    assert initializer(client, name).status() == [TableStatus(name, "ACTIVE")]


def test_second_run_creates_nothing(client: Client, name: str) -> None:
    initializer(client, name).create_missing()

    assert initializer(client, name).create_missing() == []


def test_tables_of_the_service_are_created_and_drift_in_nothing(client: Client, name: str) -> None:
    tables = TableNames(f"{name}-")
    schemas = [TableSchema(model, tables.physical(logical)) for logical, model in MODELS.items()]
    subject = DynamoDBTableInitializer(Gateway(client, Meter(), RetryPolicy()), schemas, Capacity())

    created = subject.create_missing()

    assert created == [f"{name}-{logical}" for logical in MODELS]
    assert subject.status() == [TableStatus(table, "ACTIVE") for table in created]


def test_existing_table_is_left_alone_though_it_drifts(client: Client, name: str) -> None:
    initializer(client, name, PlainLetter).create_missing()
    before = described(client, name)

    created = initializer(client, name).create_missing()

    assert created == []
    assert described(client, name) == before


def test_missing_table_shows_as_missing_and_stays_so(client: Client, name: str) -> None:
    assert initializer(client, name).status() == [TableStatus(name, "MISSING")]
    assert initializer(client, name).status() == [TableStatus(name, "MISSING")]


def test_what_a_table_lacks_shows_as_drift(client: Client, name: str) -> None:
    initializer(client, name, PlainLetter).create_missing()

    (status,) = initializer(client, name).status()

    assert status.drift == (
        "index by_sender is missing",
        "no stream of NEW_AND_OLD_IMAGES",
        "no time-to-live on expiresAt",
    )
    assert status.unusable == ("index by_sender is missing",)


def test_what_differs_in_a_table_shows_as_drift(client: Client, name: str) -> None:
    initializer(client, name, OtherLetter).create_missing()

    (status,) = initializer(client, name).status()

    assert status.drift == (
        "keys are {'HASH': 'box'}",
        "attribute box is of type N, not S",
        "index by_sender has keys {'HASH': 'sender'}",
        "no stream of NEW_AND_OLD_IMAGES",
        "no time-to-live on expiresAt",
    )
    assert status.unusable == ("index by_sender has keys {'HASH': 'sender'}",)


def test_other_projection_of_an_index_shows_as_drift(client: Client, name: str) -> None:
    initializer(client, name, WholeLetter).create_missing()

    (status,) = initializer(client, name).status()

    assert status.drift == ("index by_sender projects {'ProjectionType': 'ALL'}",)
    assert status.unusable == ()


def test_table_with_more_than_the_model_asks_for_does_not_drift(client: Client, name: str) -> None:
    initializer(client, name, Letter).create_missing()

    (status,) = initializer(client, name, PlainLetter).status()

    assert status.drift == ()


def test_stream_and_time_to_live_of_an_existing_table_are_turned_on_when_asked(
    client: Client, name: str
) -> None:
    initializer(client, name, PlainLetter).create_missing()

    created = initializer(client, name, StreamedLetter).create_missing(update_existing=True)

    assert created == []
    assert initializer(client, name, StreamedLetter).status() == [TableStatus(name, "ACTIVE")]


@without_dynamodb_local
def test_existing_table_is_given_all_that_it_lacks_when_asked(client: Client, name: str) -> None:
    initializer(client, name, PlainLetter).create_missing()

    told = list[TableChange]()

    created = initializer(client, name).create_missing(update_existing=True, tell=told.append)

    assert created == []
    assert [(each.table, each.what) for each in told if each.is_done] == [
        (name, "index by_sender added"),
        (name, "stream turned on"),
        (name, "time-to-live turned on"),
    ]
    assert initializer(client, name).status() == [TableStatus(name, "ACTIVE")]


@without_dynamodb_local
def test_indexes_that_are_added_have_what_was_stored_before(client: Client, name: str) -> None:
    initializer(client, name, PlainLetter).create_missing()
    letter = {"box": {"S": "1"}, "number": {"N": "7"}, "sender": {"S": "ada"}}
    client.put_item(TableName=name, Item=letter)

    initializer(client, name, SortedLetter).create_missing(update_existing=True)

    for index in ("by_sender", "by_number"):
        found = client.scan(TableName=name, IndexName=index)["Items"]
        assert found == [letter]


def test_turning_on_what_is_on_changes_nothing(client: Client, name: str) -> None:
    initializer(client, name).create_missing()
    before = described(client, name)

    initializer(client, name).create_missing(update_existing=True)

    assert described(client, name) == before


@pytest.mark.race
@pytest.mark.parametrize("client", ["ministack", "dynamodb_local"], indirect=True)
@pytest.mark.engine
def test_initializers_that_race_all_succeed_and_one_creates(client: Client, name: str) -> None:
    created = at_once(*[initializer(client, name).create_missing] * RACERS)

    assert sorted(created) == [[]] * (RACERS - 1) + [[name]]
    assert initializer(client, name).status() == [TableStatus(name, "ACTIVE")]


@pytest.mark.race
@pytest.mark.parametrize(
    ("client", "model"),
    [("ministack", Letter), ("dynamodb_local", StreamedLetter)],
    indirect=["client"],
)
@pytest.mark.engine
def test_initializers_that_race_to_update_all_succeed(
    client: Client, name: str, model: type[Model]
) -> None:
    initializer(client, name, PlainLetter).create_missing()
    racer = initializer(client, name, model)

    at_once(*[lambda: racer.create_missing(update_existing=True)] * RACERS)

    assert racer.status() == [TableStatus(name, "ACTIVE")]


def test_table_is_billed_by_request_unless_told_otherwise(client: Client, name: str) -> None:
    initializer(client, name).create_missing()

    assert described(client, name)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_provisioned_table_and_its_index_get_the_units_asked_for(client: Client, name: str) -> None:
    capacity = Capacity("provisioned", read_units=7, write_units=3)

    initializer(client, name, capacity=capacity).create_missing()

    table = described(client, name)
    throughputs = [table, *table["GlobalSecondaryIndexes"]]
    assert [
        (each["ProvisionedThroughput"][f"{kind}CapacityUnits"])
        for each in throughputs
        for kind in ("Read", "Write")
    ] == [7, 3, 7, 3]


def test_every_table_that_exists_is_deleted(client: Client, name: str) -> None:
    tables = [f"{name}-{n}" for n in range(3)]
    subject = DynamoDBTableInitializer(
        Gateway(client, Meter(), RetryPolicy()),
        [TableSchema(PlainLetter, table) for table in tables],
        Capacity(),
    )
    subject.create_missing()
    client.delete_table(TableName=tables[1])

    assert subject.delete_all() == [tables[0], tables[2]]
    assert [status.state for status in subject.status()] == ["MISSING"] * 3
    assert subject.delete_all() == []
