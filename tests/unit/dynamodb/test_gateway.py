"""The one door: retries, what may have been applied, and what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from attrs import evolve
from botocore import xform_name

from application.errors import RequestRejected, StorageError, Throttled, Unreachable
from infrastructure.dynamodb.gateway.errors import Contended
from infrastructure.dynamodb.gateway.gateway import METERED, WRITES, Gateway, read_units
from infrastructure.dynamodb.items import Item
from infrastructure.metering import Meter
from tests.unit.dynamodb.scripted import (
    Answer,
    FakeTime,
    ScriptedClient,
    gateway,
    lost,
    not_sent,
    refusal,
    sent,
)

OPERATIONS = botocore.session.get_session().get_service_model("dynamodb").operation_names
CONDITION_FAILED = refusal("ConditionalCheckFailedException")


def failure(door: Gateway, operation: str = "PutItem") -> StorageError:
    """The error that a call ends with."""
    with pytest.raises(StorageError) as raised:
        door.call(operation, {"TableName": "users"})
    return raised.value


def test_answer_is_that_of_the_service() -> None:
    answer = {"Item": {"id": {"S": "ada"}}}

    assert gateway(answer).call("GetItem", {"TableName": "users"}) is answer


def test_every_operation_calls_the_clients_method_of_that_name() -> None:
    door = gateway({})

    for operation in OPERATIONS:
        door.call(operation, {})

    assert [method for method, _ in sent(door)] == [xform_name(name) for name in OPERATIONS]


def test_operations_that_write_and_that_cost_are_those_of_the_service() -> None:
    assert set(OPERATIONS) >= METERED > WRITES


@pytest.mark.parametrize("operation", sorted(METERED))
def test_operations_of_the_data_plane_ask_what_they_consume(operation: str) -> None:
    door = gateway({})

    door.call(operation, {"TableName": "users"})

    assert sent(door)[0][1] == {"TableName": "users", "ReturnConsumedCapacity": "TOTAL"}


def test_other_operations_do_not_ask_what_they_consume() -> None:
    door = gateway({})

    door.call("DescribeTable", {"TableName": "users"})

    assert sent(door) == [("describe_table", {"TableName": "users"})]


@pytest.mark.parametrize(
    "transient",
    [
        *(lost(), not_sent(), refusal("InternalServerError", 500), refusal("Surprise", 503)),
        *(refusal("ThrottlingException"), refusal("TransactionConflictException")),
        refusal("TransactionInProgressException"),
    ],
)
def test_transient_failure_is_tried_again_with_the_same_request(transient: Exception) -> None:
    item = {"id": {"S": "ada"}}
    door = gateway(transient, transient, {"ok": True})

    assert door.call("PutItem", {"TableName": "users", "Item": item}) == {"ok": True}

    requests = [request for _, request in sent(door)]
    assert requests == [requests[0]] * 3
    assert all(request["Item"] is item for request in requests)


@pytest.mark.parametrize(
    "permanent",
    [
        *(refusal("ValidationException"), refusal("AccessDeniedException"), CONDITION_FAILED),
        *(refusal("ResourceNotFoundException"), refusal("ResourceInUseException")),
    ],
)
def test_permanent_failure_is_not_tried_again(permanent: Exception) -> None:
    time = FakeTime()
    door = gateway(permanent, time=time)

    assert failure(door).attempts == 1
    assert (len(sent(door)), time.slept) == (1, [])


def test_attempts_end_with_the_last_failure_and_their_number() -> None:
    door = gateway(lost(), not_sent(), refusal("ThrottlingException"), attempts=3)

    error = failure(door)

    assert (type(error), error.attempts, len(sent(door))) == (Throttled, 3, 3)


def test_error_is_caused_by_the_failure_of_the_sdk() -> None:
    cause = refusal("ValidationException")

    assert failure(gateway(cause)).__cause__ is cause


def test_pauses_grow_between_attempts() -> None:
    time = FakeTime()

    failure(gateway(lost(), time=time, attempts=5, base=1.0, cap=5.0))

    assert time.slept == [1.0, 2.0, 4.0, 5.0]


def test_contention_does_not_wait_as_long_as_throttling() -> None:
    time = FakeTime()

    error = failure(
        gateway(refusal("TransactionConflictException"), time=time, attempts=2, base=0.5)
    )

    assert (type(error), time.slept) == (Contended, [0.5])


def test_attempt_that_would_start_after_the_deadline_is_not_made() -> None:
    time = FakeTime()

    error = failure(gateway(lost(), time=time, attempts=9, base=1.0, deadline=6.9))

    assert (error.attempts, time.slept) == (3, [1.0, 2.0])


def test_attempt_at_the_deadline_is_made() -> None:
    time = FakeTime()

    error = failure(gateway(lost(), time=time, attempts=9, base=1.0, deadline=7.0))

    assert (error.attempts, time.slept) == (4, [1.0, 2.0, 4.0])


def test_time_that_requests_take_counts_towards_the_deadline() -> None:
    time = FakeTime()

    class SlowClient(ScriptedClient):
        def put_item(self, **request: Any) -> Answer:
            time.now += 10.0
            raise lost()

    door = Gateway(SlowClient([]), Meter(), time.policy(attempts=9, base=0.0, deadline=25.0))

    assert failure(door).attempts == 3


@pytest.mark.parametrize(
    ("answers", "maybe_applied"),
    [
        ([lost(), CONDITION_FAILED], True),
        ([refusal("InternalServerError", 500), CONDITION_FAILED], True),
        ([refusal("TransactionInProgressException"), CONDITION_FAILED], True),
        ([lost(), refusal("ThrottlingException"), not_sent()], True),
        ([lost(), refusal("ValidationException")], True),
        ([not_sent(), refusal("ThrottlingException"), CONDITION_FAILED], False),
        ([refusal("TransactionConflictException"), CONDITION_FAILED], False),
        ([CONDITION_FAILED], False),
        ([not_sent()], False),
    ],
)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_write_may_have_been_applied_once_an_answer_was_lost(
    operation: str, answers: list[Answer], maybe_applied: bool
) -> None:
    assert failure(gateway(*answers), operation).maybe_applied is maybe_applied


@pytest.mark.parametrize("operation", sorted(METERED - WRITES))
def test_read_is_never_said_to_have_been_applied(operation: str) -> None:
    assert failure(gateway(lost()), operation).maybe_applied is False


def test_what_is_no_failure_of_the_sdk_comes_out_as_it_is() -> None:
    boom = RuntimeError("boom")
    door = gateway(boom)

    with pytest.raises(RuntimeError) as raised:
        door.call("GetItem", {})

    assert raised.value is boom
    assert len(sent(door)) == 1


def test_a_process_that_was_stopped_for_too_long_sends_nothing_again() -> None:
    machine = FakeTime()

    def stopped(_: float) -> None:
        machine.now += 3600

    client = ScriptedClient([lost(), {}])
    door = Gateway(client, Meter(), evolve(machine.policy(), sleep=stopped))

    error = failure(door)

    assert (type(error), error.maybe_applied, len(sent(door))) == (Unreachable, True, 1)


def test_request_that_the_sdk_refuses_to_send_is_rejected() -> None:
    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    door = Gateway(client, Meter(), FakeTime().policy())

    assert type(failure(door)) is RequestRejected


@pytest.mark.parametrize(
    ("operation", "consumed", "units"),
    [
        ("GetItem", {"CapacityUnits": 1.5}, (1.5, 0.0)),
        ("Query", {"CapacityUnits": 2.0, "TableName": "users"}, (2.0, 0.0)),
        ("PutItem", {"CapacityUnits": 3.0}, (0.0, 3.0)),
        ("DeleteItem", {"CapacityUnits": 3.0, "WriteCapacityUnits": 3.0}, (0.0, 3.0)),
        ("BatchGetItem", [{"CapacityUnits": 1.0}, {"CapacityUnits": 0.5}], (1.5, 0.0)),
        ("BatchWriteItem", [{"CapacityUnits": 1.0}, {"CapacityUnits": 2.0}], (0.0, 3.0)),
        (
            "TransactWriteItems",
            [
                {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
                {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
            ],
            (0.0, 6.0),
        ),
        # A repeated token is answered from memory, and that is a read.
        (
            "TransactWriteItems",
            [{"CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}],
            (2.0, 0.0),
        ),
        (
            "TransactWriteItems",
            [{"CapacityUnits": 3.0, "ReadCapacityUnits": 1.0, "WriteCapacityUnits": 2.0}],
            (1.0, 2.0),
        ),
        ("GetItem", {"TableName": "users"}, (0.0, 0.0)),
        ("PutItem", {"TableName": "users"}, (0.0, 0.0)),
        ("PutItem", {}, (0.0, 0.0)),
        ("BatchGetItem", [], (0.0, 0.0)),
        ("GetItem", None, (0.0, 0.0)),
    ],
)
def test_units_are_counted_in_every_shape_they_are_reported_in(
    operation: str, consumed: Any, units: tuple[float, float]
) -> None:
    answer: Mapping[str, Any] = {} if consumed is None else {"ConsumedCapacity": consumed}
    meter = Meter()
    door = Gateway(ScriptedClient([answer]), meter, FakeTime().policy())

    with meter.measure() as used:
        door.call(operation, {})

    assert (used.read_units, used.write_units) == units


def test_a_request_counts_once_however_often_it_is_sent() -> None:
    meter = Meter()
    client = ScriptedClient([lost(), not_sent(), {}])
    door = Gateway(client, meter, FakeTime().policy())

    with meter.measure() as used:
        door.call("PutItem", {})

    assert (used.requests, len(client.requests)) == (1, 3)


def test_error_says_where_the_store_cannot_be_reached() -> None:
    error = failure(gateway(not_sent()))

    assert type(error) is Unreachable
    assert "PutItem on users: the store cannot be reached" in str(error)
    assert "http://store.example" in str(error)
    assert str(error).endswith("attempts: 4")


def item(size: int) -> Item:
    """An item of so many bytes."""
    return {"id": {"S": "x" * (size - len("id"))}}


def batch(asked: int, consistent: bool) -> dict[str, Any]:
    keys = [{"id": {"S": str(number)}} for number in range(asked)]
    return {"RequestItems": {"users": {"Keys": keys, "ConsistentRead": consistent}}}


@pytest.mark.parametrize(
    ("answer", "units"),
    [
        ({"Item": item(4096)}, 1),
        ({"Item": item(4097)}, 2),
        ({"Item": item(8193)}, 3),
        ({}, 1),
    ],
)
def test_reading_an_item_costs_a_unit_for_every_four_kilobytes(
    answer: dict[str, Any], units: float
) -> None:
    assert read_units("GetItem", {"ConsistentRead": True}, answer) == units
    assert read_units("GetItem", {}, answer) == units / 2


@pytest.mark.parametrize(
    ("found", "left", "units"),
    [
        ([], 0, 3),
        ([item(100), item(4097)], 0, 1 + 2 + 1),
        ([item(100)], 1, 1 + 1),
        ([], 3, 0),
    ],
)
def test_batch_costs_what_reading_each_of_its_items_does(
    found: list[Item], left: int, units: float
) -> None:
    answer: dict[str, Any] = {"Responses": {"users": found} if found else {}}
    if left:
        answer["UnprocessedKeys"] = {"users": {"Keys": [{"id": {"S": "x"}}] * left}}

    assert read_units("BatchGetItem", batch(3, consistent=True), answer) == units
    assert read_units("BatchGetItem", batch(3, consistent=False), answer) == units / 2


@pytest.mark.parametrize("operation", ["Query", "Scan"])
@pytest.mark.parametrize(
    ("found", "units"), [([], 1), ([item(2048)] * 2, 1), ([item(2048), item(2049)], 2)]
)
def test_query_costs_the_units_of_all_its_items_together(
    operation: str, found: list[Item], units: float
) -> None:
    assert read_units(operation, {"ConsistentRead": True}, {"Items": found}) == units
    assert read_units(operation, {}, {"Items": found}) == units / 2
