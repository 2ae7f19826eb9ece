"""Bytes that are no answer of the service: the answer is lost, whatever they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from zlib import crc32

import boto3
import pytest
from attrs import define, frozen
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from application.errors import RequestRejected, StorageError, Unreachable
from infrastructure.dynamodb.gateway.errors import CODES
from infrastructure.dynamodb.gateway.gateway import METERED, WRITES, Gateway, check_answers
from infrastructure.dynamodb.gateway.lean_client import LeanClient
from infrastructure.metering import Meter
from infrastructure.system.breakers import BreakerOptions, Breakers
from tests.unit.dynamodb.scripted import FakeTime

DEADLINE = 60.0
KEY = {"pk": {"S": "ada"}}
REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "GetItem": {"TableName": "users", "Key": KEY},
    "BatchGetItem": {"RequestItems": {"users": {"Keys": [KEY]}}},
    "Query": {"TableName": "users", "KeyConditionExpression": "pk = :pk"},
    "Scan": {"TableName": "users"},
    "PutItem": {"TableName": "users", "Item": KEY},
    "UpdateItem": {"TableName": "users", "Key": KEY},
    "DeleteItem": {"TableName": "users", "Key": KEY},
    "BatchWriteItem": {"RequestItems": {"users": [{"PutRequest": {"Item": KEY}}]}},
    "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": "users", "Item": KEY}}]},
    "DescribeTable": {"TableName": "users"},
}
MEMBERS = st.sampled_from(
    [
        *["ConsumedCapacity", "CapacityUnits", "Item", "Items", "Responses", "UnprocessedKeys"],
        *["UnprocessedItems", "LastEvaluatedKey", "Attributes", "CancellationReasons", "Code"],
        *["__type", "message", "ThrottlingReasons", "users", "pk", "S", "N", "B", "M", "L", "BOOL"],
    ]
)
ITEM = {"Item": {**KEY, "name": {"S": "Ada"}}, "ConsumedCapacity": {"CapacityUnits": 0.5}}
WHOLE = json.dumps(ITEM).encode()
REFUSAL = json.dumps({"__type": "x#ValidationException", "message": "no"}).encode()


@frozen
class _Raw:
    body: bytes

    def stream(self, *_: Any, **__: Any) -> Any:
        return iter([self.body])


@frozen
class Answer:
    """What comes over the wire, with the headers that the service would send for `of`."""

    body: bytes
    status: int = 200
    of: bytes | None = None

    @property
    def headers(self) -> dict[str, str]:
        whole = self.body if self.of is None else self.of
        return {"Content-Length": str(len(whole)), "x-amz-crc32": str(crc32(whole))}


@define
class Wire:
    """A client over a wire on which one answer comes, however often it asks."""

    transport: str
    answer: Answer = Answer(WHOLE)
    headers: Mapping[str, str] | None = None

    def door(self) -> Gateway:
        client = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        client.meta.events.register("before-send", self._instead_of_sending)
        check_answers(client)
        if self.transport == "lean":
            client = LeanClient(client, DEADLINE)
        # Every answer is tried, whatever those before it were.
        policy, breakers = (
            FakeTime().policy(attempts=2, quota=10**6),
            Breakers(BreakerOptions(failures=10**6)),
        )
        return Gateway(client, Meter(), policy, breakers, trust_read_units=False)

    def _instead_of_sending(self, request: Any, **_: Any) -> AWSResponse:
        sent = self.answer.headers if self.headers is None else self.headers
        return AWSResponse(request.url, self.answer.status, sent, _Raw(self.answer.body))


WIRES = {"lean": Wire("lean"), "sdk": Wire("sdk")}


@pytest.fixture(params=WIRES, scope="module")
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def door(transport: str) -> Gateway:
    """One for all tests of this process: to make a client takes longer than all the rest."""
    return WIRES[transport].door()


def call(
    transport: str, operation: str, answer: Answer, headers: Mapping[str, str] | None = None
) -> object:
    """What the gateway returns, or the `StorageError` that it raises, for this answer."""
    wire = WIRES[transport]
    wire.answer, wire.headers = answer, headers
    try:
        return door(transport).call(operation, REQUESTS[operation])
    except StorageError as error:
        return error


def is_lost(outcome: object, operation: str) -> bool:
    return (
        type(outcome) is Unreachable
        and outcome.maybe_applied is (operation in WRITES)
        and outcome.attempts == 2
    )


def test_a_whole_answer_is_read(transport: str) -> None:
    answer = call(transport, "GetItem", Answer(WHOLE))

    assert isinstance(answer, Mapping)
    assert answer["Item"] == ITEM["Item"]


def test_a_whole_refusal_is_final(transport: str) -> None:
    assert type(call(transport, "PutItem", Answer(REFUSAL, 400))) is RequestRejected


BROKEN = {
    "cut off": Answer(WHOLE[:40], of=WHOLE),
    "cut off at a valid end": Answer(b"{}", of=WHOLE),
    "one byte changed": Answer(WHOLE.replace(b"Ada", b"Eve"), of=WHOLE),
    "empty": Answer(b""),
    "a page of a web server": Answer(b"<html>It works!</html>"),
    "JSON of another server": Answer(b'{"status": "ok"}'),
    "a list": Answer(b"[]"),
    "not UTF-8": Answer(b"\xff\xfe"),
    "a fault that is not UTF-8": Answer(b"\xff\xfe", 502),
    "a page that refuses": Answer(b"<html>Forbidden</html>", 403),
    "a refusal cut off": Answer(REFUSAL[:20], 400, of=REFUSAL),
    "nested without end": Answer(b"[" * 100_000),
    "a list for all": Answer(
        b'{"ConsumedCapacity": 1, "Item": [], "Items": 1, "Responses": "x", "Attributes": 7}'
    ),
}


@pytest.mark.parametrize("operation", sorted(METERED))
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_lost_one(transport: str, answer: Answer, operation: str) -> None:
    assert is_lost(call(transport, operation, answer), operation)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_an_answer_cut_off_anywhere_is_lost_even_without_a_checksum(
    transport: str, length: int
) -> None:
    headers = {"Content-Length": str(len(WHOLE))}

    assert is_lost(call(transport, "GetItem", Answer(WHOLE[:length]), headers), "GetItem")


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("cut off", "is not as long as it says"),
        ("one byte changed", "does not fit its checksum"),
        ("a page of a web server", "is no JSON"),
        ("JSON of another server", "has no ConsumedCapacity"),
        ("a list for all", "has not the shape that it must have"),
    ],
)
def test_the_error_says_what_is_wrong_with_the_answer(
    transport: str, broken: str, what: str
) -> None:
    error = call(transport, "PutItem", BROKEN[broken])

    assert f"(BrokenAnswer: the answer {what})" in str(error)


def test_a_list_is_no_answer_about_a_table(transport: str) -> None:
    error = call(transport, "DescribeTable", BROKEN["a list"])

    assert "(BrokenAnswer: the answer is no JSON object)" in str(error)


BYTES = st.binary(max_size=200)
CODES_OF_ERRORS = st.sampled_from(
    ["x#TransactionCanceledException", "ConditionalCheckFailed", *(f"x#{code}" for code in CODES)]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=12,
)
REFUSALS = st.builds(
    lambda code, more: {**more, "__type": code},
    CODES_OF_ERRORS,
    st.dictionaries(MEMBERS, VALUES | CODES_OF_ERRORS, max_size=4),
)


@given(
    operation=st.sampled_from(sorted(REQUESTS)),
    body=BYTES | (VALUES | REFUSALS).map(lambda value: json.dumps(value).encode()),
    status=st.sampled_from([200, 204, 301, 400, 403, 413, 500, 502, 503]),
    headers=st.sampled_from([None, {}, {"Content-Encoding": "gzip"}, {"Content-Length": "x"}]),
)
def test_no_bytes_raise_anything_but_a_storage_error(
    transport: str, operation: str, body: bytes, status: int, headers: Mapping[str, str] | None
) -> None:
    outcome = call(transport, operation, Answer(body, status), headers)

    assert isinstance(outcome, Mapping | StorageError)
