"""What is told of each operation of the gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from structlog.testing import capture_logs

from application.errors import StorageError
from application.event_context import event_context
from application.ports.event_store import EventMetadata
from infrastructure.dynamodb.gateway import observation, shapes
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry
from infrastructure.metering import Meter
from infrastructure.system.logs import showing_failures
from infrastructure.telemetry import names
from infrastructure.telemetry.telemetry import Telemetry
from tests.telemetry import Point, Told, attributes
from tests.unit.dynamodb.scripted import (
    Answer,
    FakeTime,
    ScriptedClient,
    cancellation,
    lost,
    not_sent,
    refusal,
)

ADA = {"id": {"S": "ada"}}
PUT = {"TableName": "users", "Item": {**ADA, "password": {"S": "secret"}}}
GET = {"TableName": "users", "Key": ADA}
DELETION = {"DeleteRequest": {"Key": ADA}}
TRANSACTION = {
    "TransactItems": [
        {"Put": PUT},
        {"ConditionCheck": {"TableName": "tags", "Key": {"pk": {"S": "a"}}}},
        {"Delete": {"TableName": "users", "Key": {"id": {"S": "bob"}}}},
    ]
}
KEY_NAMES = {"users": ("id",)}
HOUR = 3600.0


def consumed(table: str = "users", units: float = 1.0) -> dict[str, Any]:
    return {"TableName": table, "CapacityUnits": units}


def answer(*capacity: dict[str, Any], **more: Any) -> dict[str, Any]:
    told: Any = list(capacity) if len(capacity) > 1 else capacity[0]
    metadata = {"RequestId": "request-7"}
    return {"ConsumedCapacity": told, "ResponseMetadata": metadata, **more}


@pytest.fixture
def told() -> Told:
    return Told()


def door(told: Told, *answers: Answer, debug: bool = False, **numbers: Any) -> Gateway:
    telemetry = GatewayTelemetry(told.telemetry, KEY_NAMES, debug=debug)
    client = ScriptedClient(list(answers))
    return Gateway(client, Meter(), FakeTime().policy(**numbers), telemetry=telemetry)


def fails(gateway: Gateway, operation: str = "GetItem", request: Any = GET) -> StorageError:
    with pytest.raises(StorageError) as raised:
        gateway.call(operation, request)
    return raised.value


class TestSpans:
    def test_a_read_is_a_client_span_by_the_conventions(self, told: Told) -> None:
        door(told, answer(consumed(units=0.5))).call("GetItem", GET)

        assert (told.span.name, told.span.kind) == ("GetItem users", SpanKind.CLIENT)
        assert told.span.status.status_code is StatusCode.UNSET
        assert attributes(told.span) == {
            "db.system.name": "aws.dynamodb",
            "db.operation.name": "GetItem",
            "db.collection.name": "users",
            "aws.dynamodb.table_names": ("users",),
            "aws.dynamodb.consumed_capacity": (json.dumps(consumed(units=0.5)),),
            "aws.request_id": "request-7",
            "dynastrata.attempts": 1,
        }

    def test_a_transaction_tells_all_its_tables_and_what_each_consumed(self, told: Told) -> None:
        capacity = (consumed("users", 4.0), consumed("tags", 2.0))

        door(told, answer(*capacity)).call("TransactWriteItems", TRANSACTION)

        found = attributes(told.span)
        assert told.span.name == "TransactWriteItems"
        assert names.DB_COLLECTION not in found
        assert found[names.TABLE_NAMES] == ("users", "tags")
        assert found[names.DB_BATCH_SIZE] == 3
        assert found[names.CONSUMED_CAPACITY] == tuple(json.dumps(each) for each in capacity)

    def test_a_batch_in_one_table_names_it_and_tells_its_size(self, told: Told) -> None:
        request = {"RequestItems": {"users": {"Keys": [ADA, {"id": {"S": "bob"}}]}}}

        door(told, {"Responses": {}}).call("BatchGetItem", request)

        found = attributes(told.span)
        assert (found[names.DB_COLLECTION], found[names.DB_BATCH_SIZE]) == ("users", 2)

    def test_it_bears_the_correlation_id_of_what_it_is_done_for(self, told: Told) -> None:
        with event_context(EventMetadata(correlation_id="request-1")):
            door(told, answer(consumed())).call("GetItem", GET)

        assert attributes(told.span)[names.CORRELATION_ID] == "request-1"

    def test_every_attempt_is_part_of_the_same_span(self, told: Told) -> None:
        door(told, lost(), not_sent(), answer(consumed())).call("GetItem", GET)

        assert [event.name for event in told.span.events] == ["retry", "retry"]
        assert attributes(told.span)[names.ATTEMPTS] == 3

    def test_a_failure_is_its_status_and_kind(self, told: Told) -> None:
        fails(door(told, refusal("AccessDeniedException")))

        assert told.span.status.status_code is StatusCode.ERROR
        found = attributes(told.span)
        assert found[names.ERROR_TYPE] == "AccessDenied"
        assert found[names.DB_STATUS] == "AccessDeniedException"
        assert found[names.REQUEST_ID] == "request-1"

    @pytest.mark.parametrize(
        ("refused", "operation", "request_"),
        [
            (refusal("ConditionalCheckFailedException"), "PutItem", PUT),
            (
                cancellation("ConditionalCheckFailed", "None", "None"),
                "TransactWriteItems",
                TRANSACTION,
            ),
        ],
    )
    def test_a_condition_that_was_not_met_is_no_error(
        self, refused: Answer, operation: str, request_: Any, told: Told
    ) -> None:
        fails(door(told, refused), operation, request_)

        assert told.span.status.status_code is StatusCode.UNSET
        assert names.ERROR_TYPE not in attributes(told.span)
        assert attributes(told.span)[names.DB_STATUS]

    def test_it_is_the_current_span_until_the_answer_is_there(self, told: Told) -> None:
        outside, inside = get_current_span(), []
        gateway = door(told, lost(), answer(consumed()))
        object.__setattr__(gateway.retry, "sleep", lambda _: inside.append(get_current_span()))

        gateway.call("GetItem", GET)

        assert [each.get_span_context() for each in inside] == [told.span.get_span_context()]
        assert get_current_span() is outside


class TestMetrics:
    def test_the_duration_is_measured_by_operation_and_table(self, told: Told) -> None:
        gateway = door(told, answer(consumed()))
        gateway.call("GetItem", GET)
        gateway.call("GetItem", GET)

        assert told.points(names.DB_DURATION) == [
            Point(
                2,
                {
                    "db.system.name": "aws.dynamodb",
                    "db.operation.name": "GetItem",
                    "db.collection.name": "users",
                },
            )
        ]

    def test_failures_are_told_apart_by_their_kind(self, told: Told) -> None:
        fails(door(told, refusal("AccessDeniedException")))
        fails(door(told, not_sent(), attempts=1))

        kinds = [p.attributes[names.ERROR_TYPE] for p in told.points(names.DB_DURATION)]
        assert kinds == ["AccessDenied", "Unreachable"]

    def test_retries_are_counted_by_what_failed(self, told: Told) -> None:
        door(told, lost(), lost(), refusal("InternalServerError", 500), answer(consumed())).call(
            "GetItem", GET
        )

        counted = {p.attributes[names.ERROR_TYPE]: p.value for p in told.points(names.RETRIES)}
        assert counted == {"Unreachable": 2, "ServiceFault": 1}

    def test_throttled_attempts_are_counted_by_reason_the_last_one_too(self, told: Told) -> None:
        reason = "TableWriteKeyRangeThroughputExceeded"
        limit = {"reason": reason, "resource": "arn:aws:dynamodb:eu-central-1:1:table/users"}
        throttled = refusal("ThrottlingException", ThrottlingReasons=[limit])

        fails(door(told, throttled, attempts=3), "PutItem", PUT)

        [counted] = told.points(names.THROTTLES)
        assert (counted.value, counted.attributes[names.REASON]) == (3, reason)

    def test_conflicts_are_counted(self, told: Told) -> None:
        fails(door(told, refusal("ConditionalCheckFailedException")), "PutItem", PUT)

        assert [point.value for point in told.points(names.CONFLICTS)] == [1]
        assert names.ERROR_TYPE not in told.points(names.DB_DURATION)[0].attributes

    def test_capacity_is_counted_by_table_of_a_transaction_too(self, told: Told) -> None:
        capacity = answer(consumed("users", 4.0), consumed("tags", 2.0))
        door(told, capacity).call("TransactWriteItems", TRANSACTION)

        counted = {p.attributes[names.DB_COLLECTION]: p.value for p in told.points(names.CAPACITY)}
        assert counted == {"users": 4.0, "tags": 2.0}


class TestLines:
    def test_with_debug_every_operation_has_a_line(self, told: Told) -> None:
        gateway = door(told, answer(consumed(units=2.0)), debug=True)
        with event_context(EventMetadata(correlation_id="request-1")), capture_logs() as lines:
            gateway.call("PutItem", PUT)

        [line] = lines
        assert 0 <= line.pop("seconds") < HOUR
        assert line == {
            "event": "dynamodb operation",
            "log_level": "debug",
            "operation": "PutItem",
            "tables": ["users"],
            "keys": ["id=ada"],
            "attempts": 1,
            "units": 2.0,
            "request_id": "request-7",
            "correlation_id": "request-1",
        }

    def test_seconds_are_told_to_the_microsecond(
        self, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = iter([100.0])
        monkeypatch.setattr(observation, "perf_counter", lambda: next(started, 100.123_456_789))
        with capture_logs() as lines:
            door(told, answer(consumed()), debug=True).call("PutItem", PUT)

        assert lines[0]["seconds"] == 0.123_457

    def test_capacity_that_an_answer_does_not_tell_is_none(self, told: Told) -> None:
        with capture_logs() as lines:
            door(told, answer({"TableName": "users"}), debug=True).call("PutItem", PUT)

        assert lines[0]["units"] == 0

    def test_without_it_none_that_succeeds_or_is_refused_has_one(self, told: Told) -> None:
        with capture_logs() as lines:
            door(told, answer(consumed())).call("PutItem", PUT)
            fails(door(told, refusal("ConditionalCheckFailedException")), "PutItem", PUT)
            fails(door(told, refusal("ResourceNotFoundException")), "DescribeTable")

        assert lines == []

    def test_only_a_table_that_is_asked_for_may_be_missing(self, told: Told) -> None:
        with capture_logs() as lines:
            fails(door(told, refusal("ResourceNotFoundException")))
            fails(door(told, refusal("AccessDeniedException")), "DescribeTable")

        assert [line["error"] for line in lines] == ["ResourceMissing", "AccessDenied"]

    def test_a_failure_is_a_warning_with_its_kind_and_reason(self, told: Told) -> None:
        with capture_logs() as lines:
            error = fails(door(told, not_sent(), attempts=2))

        [line] = lines
        assert (line["event"], line["log_level"]) == ("dynamodb operation failed", "warning")
        assert (line["error"], line["attempts"], line["keys"]) == ("Unreachable", 2, ["id=ada"])
        assert line["reason"] == str(error)

    def test_a_failure_that_the_caller_shows_is_not_logged_too(self, told: Told) -> None:
        with showing_failures(), capture_logs() as lines:
            fails(door(told, not_sent()))

        assert lines == []

    @pytest.mark.parametrize(
        ("operation", "request_", "keys"),
        [
            ("TransactWriteItems", TRANSACTION, ["id=ada", "pk=a", "id=bob"]),
            (
                "BatchWriteItem",
                {"RequestItems": {"users": [{"DeleteRequest": {"Key": ADA}}]}},
                None,
            ),
            ("BatchGetItem", {"RequestItems": {"users": {"Keys": [ADA]}}}, None),
            (
                "Query",
                {
                    "TableName": "users",
                    "KeyConditionExpression": "id = :0 AND sk > :1",
                    "FilterExpression": "password = :2",
                    "ExpressionAttributeValues": {
                        ":0": {"S": "ada"},
                        ":1": {"N": "7"},
                        ":2": {"S": "secret"},
                    },
                },
                [":0=ada, :1=7"],
            ),
        ],
    )
    def test_keys_are_told_and_nothing_else_of_an_item(
        self, operation: str, request_: Any, keys: list[str] | None, told: Told
    ) -> None:
        with capture_logs() as lines:
            fails(door(told, refusal("AccessDeniedException")), operation, request_)

        assert lines[0]["keys"] == (keys or ["id=ada"])
        assert "secret" not in str(lines) + str(attributes(told.span))

    def test_an_index_whose_keys_are_other_attributes_is_not_told(self, told: Told) -> None:
        query = {
            "TableName": "users",
            "IndexName": "by-name",
            "KeyConditionExpression": "lastName = :0",
            "ExpressionAttributeValues": {":0": {"S": "Byron"}},
        }
        with capture_logs() as lines:
            fails(door(told, not_sent(), attempts=1), "Query", query)

        assert "Byron" not in str(lines)

    def test_a_long_list_of_keys_is_cut(self, told: Told) -> None:
        keys = [{"id": {"S": str(number)}} for number in range(100)]
        with capture_logs() as lines:
            fails(
                door(told, not_sent(), attempts=1),
                "BatchGetItem",
                {"RequestItems": {"users": {"Keys": keys}}},
            )

        assert lines[0]["keys"] == [f"id={number}" for number in range(10)]


def test_where_nobody_listens_nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def computed(*_: object) -> Any:
        raise AssertionError("nobody asked for this")

    for name in vars(shapes):
        if name in vars(observation) and callable(getattr(shapes, name)):
            monkeypatch.setattr(observation, name, computed)
    monkeypatch.setattr(observation, "current_event_context", computed)
    client = ScriptedClient([lost(), answer(consumed())])
    gateway = Gateway(client, Meter(), FakeTime().policy())

    assert gateway.call("GetItem", GET) == answer(consumed())
    assert len(client.requests) == 2


def test_whether_somebody_listens_is_looked_up_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, looks = [100.0], []

    def looked() -> NoOpMeterProvider:
        looks.append(now[0])
        return NoOpMeterProvider()

    monkeypatch.setattr(observation, "perf_counter", lambda: now[0])
    monkeypatch.setattr(metrics, "get_meter_provider", looked)
    telemetry = GatewayTelemetry(Telemetry())
    looks.clear()  # an instrument was made

    for seconds in (0.0, 0.5, 0.5, 0.5, 0.5):
        now[0] += seconds
        telemetry.observe("GetItem", GET)

    assert looks == [100.0, 101.0, 102.0]
