"""The short way to DynamoDB asks, answers and fails as the SDK does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

import boto3
import pytest
from attrs import define, field
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.dynamodb.gateway.errors import BrokenAnswer
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.gateway.lean_client import LeanClient
from tests.wire import TEXTS

REGION = "eu-central-1"
DEADLINE = 60.0
KEY = {"pk": {"S": "ada"}}
READ = {"TableName": "users", "Key": KEY}

SCALARS = st.one_of(
    TEXTS.map(lambda text: {"S": text}),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: {"N": str(number)}),
    st.binary().map(lambda data: {"B": data}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.lists(TEXTS, min_size=1, max_size=2).map(lambda texts: {"SS": texts}),
    st.lists(st.binary(), min_size=1, max_size=2).map(lambda data: {"BS": data}),
)
VALUES = st.recursive(
    SCALARS,
    lambda values: st.one_of(
        st.lists(values, max_size=2).map(lambda held: {"L": held}),
        st.dictionaries(TEXTS, values, max_size=2).map(lambda held: {"M": held}),
    ),
    max_leaves=4,
)
# Small: what an attribute is like depends on none of the others.
ITEMS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3)
REQUESTS: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "get_item": st.builds(lambda key: {"TableName": "users", "Key": key}, ITEMS),
    "put_item": st.builds(
        lambda item, values: {
            "TableName": "users",
            "Item": item,
            "ConditionExpression": "#v = :v",
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
        ITEMS,
        ITEMS,
    ),
    "batch_get_item": st.builds(
        lambda keys: {"RequestItems": {"users": {"Keys": keys, "ConsistentRead": True}}},
        st.lists(ITEMS, min_size=1, max_size=3),
    ),
    "transact_write_items": st.builds(
        lambda items, token: {
            "ClientRequestToken": f"token {token}",
            "TransactItems": [{"Put": {"TableName": "users", "Item": item}} for item in items],
        },
        st.lists(ITEMS, min_size=1, max_size=3),
        st.integers(),
    ),
}
CAPACITY = {"TableName": "users", "CapacityUnits": 0.5}


@define
class _Raw:
    body: bytes

    def stream(self, *_: Any, **__: Any) -> Any:
        return iter([self.body])


@define
class Wire:
    """Takes what is sent, and gives one answer."""

    status: int = 200
    body: bytes = b"{}"
    sent: list[AWSPreparedRequest] = field(factory=list)

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.sent.append(request)
        headers = {
            "Content-Length": str(len(self.body)),
            "x-amz-crc32": str(crc32(self.body)),
            "x-amzn-RequestId": "R1",
        }
        return AWSResponse(request.url, self.status, headers, _Raw(self.body))


def sdk(wire: Wire, **options: Any) -> Client:
    given = {"aws_access_key_id": "test", "aws_secret_access_key": "secret", **options}
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client("dynamodb", region_name=REGION, config=config, **given)
    client.meta.events.register("before-send", wire)
    return client


WIRE = Wire()


@cache
def both() -> tuple[Client, LeanClient]:
    """One of each for all tests of this process: to make one takes longer than all the rest."""
    client = sdk(WIRE)
    return client, LeanClient(client, DEADLINE)


def outcomes(operation: str, request: Mapping[str, Any], status: int, body: bytes) -> list[Any]:
    """What each of the two returns, or the error that it raises."""
    WIRE.status, WIRE.body = status, body
    told: list[Any] = []
    for client in both():
        try:
            answer = dict(getattr(client, operation)(**request))
            del answer["ResponseMetadata"]
        except ClientError as error:
            response = dict(error.response)
            metadata = response.pop("ResponseMetadata")
            answer = {**response, "id": metadata["RequestId"], "type": type(error)}
            answer.pop("message", None)
        told.append(answer)
    return told


def on_the_wire(value: Any) -> bytes:
    """As the service writes it: binary values in base64."""
    model = both()[0].meta.service_model.operation_model("PutItem")
    serialized = both()[0]._serializer.serialize_to_request(
        {"TableName": "t", "Item": value}, model
    )
    return json.dumps(json.loads(serialized["body"])["Item"]).encode()


@settings(max_examples=15)
@given(st.data())
@pytest.mark.parametrize("operation", REQUESTS)
def test_the_same_request_is_sent(operation: str, data: st.DataObject) -> None:
    request = data.draw(REQUESTS[operation])
    WIRE.status, WIRE.body = 200, b"{}"
    WIRE.sent.clear()

    for client in both():
        getattr(client, operation)(**request)

    theirs, ours = WIRE.sent
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.url == theirs.url
    assert {"X-Amz-Target", "Content-Type", "User-Agent"} <= ours.headers.keys()
    for name in ("X-Amz-Target", "Content-Type"):
        assert theirs.headers[name] in (ours.headers[name], ours.headers[name].encode())


@settings(max_examples=15)
@given(st.data())
@pytest.mark.parametrize("token", [None, "session token"])
def test_a_request_is_signed_as_the_sdk_signs_it(token: str | None, data: st.DataObject) -> None:
    wire = Wire()
    client = LeanClient(_with_token(wire, token), DEADLINE)

    client.put_item(**data.draw(REQUESTS["put_item"]))

    (sent,) = wire.sent
    assert sent.headers.get("X-Amz-Security-Token") == token
    unsigned = {k: v for k, v in sent.headers.items() if k not in ("Authorization", "User-Agent")}
    request = AWSRequest("POST", sent.url, unsigned, sent.body)
    request.context["timestamp"] = sent.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("test", "secret", token), "dynamodb", REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert sent.headers["Authorization"].endswith(f"Signature={signer.signature(text, request)}")


@cache
def _client_with_token(token: str | None) -> Client:
    return sdk(Wire(), aws_session_token=token)


def _with_token(wire: Wire, token: str | None) -> Client:
    client = _client_with_token(token)
    client.meta.events.unregister("before-send", unique_id="wire")
    client.meta.events.register_first("before-send", wire, unique_id="wire")
    return client


@given(ITEMS)
def test_an_item_is_read_as_the_sdk_reads_it(item: dict[str, Any]) -> None:
    body = b'{"Item": %s, "ConsumedCapacity": {"CapacityUnits": 0.5}}' % on_the_wire(item)

    theirs, ours = outcomes("get_item", READ, 200, body)

    assert ours == theirs
    assert ours["Item"] == item


@settings(max_examples=15)
@given(st.lists(ITEMS, max_size=3), ITEMS)
def test_a_page_is_read_as_the_sdk_reads_it(items: list[dict[str, Any]], last: Any) -> None:
    listed = b", ".join(map(on_the_wire, items))
    body = b'{"Items": [%s], "Count": 3, "ScannedCount": 4, "LastEvaluatedKey": %s}' % (
        listed,
        on_the_wire(last),
    )

    theirs, ours = outcomes("query", {"TableName": "users"}, 200, body)

    assert ours == theirs
    assert ours["Items"] == items


ANSWERS: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "leftovers of a batch of reads": (
        "batch_get_item",
        {"RequestItems": {"users": {"Keys": [KEY]}}},
        {
            "Responses": {"users": [KEY]},
            "UnprocessedKeys": {"users": {"Keys": [KEY], "ConsistentRead": True}},
            "ConsumedCapacity": [CAPACITY],
        },
    ),
    "leftovers of a batch of writes": (
        "batch_write_item",
        {"RequestItems": {"users": [{"PutRequest": {"Item": KEY}}]}},
        {
            "UnprocessedItems": {
                "users": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]
            },
            "ConsumedCapacity": [CAPACITY],
        },
    ),
    "no leftovers": (
        "batch_write_item",
        {"RequestItems": {"users": [{"PutRequest": {"Item": KEY}}]}},
        {"ConsumedCapacity": [CAPACITY]},
    ),
    "what a transaction consumed": (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "users", "Item": KEY}}]},
        {"ConsumedCapacity": [{**CAPACITY, "ReadCapacityUnits": 0.0, "WriteCapacityUnits": 2.0}]},
    ),
    "what an update left": (
        "update_item",
        READ,
        {"Attributes": {**KEY, "n": {"N": "7"}}, "ConsumedCapacity": CAPACITY},
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_is_read_as_the_sdk_reads_it(case: str) -> None:
    operation, request, answer = ANSWERS[case]

    theirs, ours = outcomes(operation, request, 200, json.dumps(answer).encode())

    assert ours == theirs == answer


REFUSALS: Mapping[str, tuple[str, int, dict[str, Any]]] = {
    "a condition": (
        "get_item",
        400,
        {"__type": "a.b#ConditionalCheckFailedException", "message": "no", "Item": KEY},
    ),
    "a transaction": (
        "transact_write_items",
        400,
        {
            "__type": "a.b#TransactionCanceledException",
            "Message": "no",
            "CancellationReasons": [
                {"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "no", "Item": KEY},
            ],
        },
    ),
    "throttling": (
        "get_item",
        400,
        {
            "__type": "a.b#ProvisionedThroughputExceededException",
            "message": "no",
            "ThrottlingReasons": [
                {"reason": "TableReadProvisioned", "resource": "arn"},
                {"reason": "TableReadProvisioned"},
            ],
        },
    ),
    "a code with an address": ("get_item", 400, {"__type": "ThrottlingException:http://x/"}),
    "no code": ("get_item", 503, {}),
    "a code that nobody knows": ("get_item", 500, {"__type": "New", "message": "?"}),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_raised_as_the_sdk_raises_it(case: str) -> None:
    operation, status, refusal = REFUSALS[case]
    request = ANSWERS["what a transaction consumed"][1] if "transact" in operation else READ

    theirs, ours = outcomes(operation, request, status, json.dumps(refusal).encode())

    assert ours["Error"]["Code"] == theirs["Error"]["Code"]
    assert ours["Error"]["Message"] == theirs["Error"].get("Message", "")
    for told in (theirs, ours):
        del told["Error"]
        told.pop("Message", None)
    assert ours == theirs


def test_what_was_consumed_must_be_told_where_it_was_asked() -> None:
    WIRE.status, WIRE.body = 200, b'{"Item": {"pk": {"S": "ada"}}}'
    lean = both()[1]

    assert lean.get_item(**READ)["Item"] == KEY
    with pytest.raises(BrokenAnswer, match="ConsumedCapacity"):
        lean.get_item(**READ, ReturnConsumedCapacity="TOTAL")


def test_an_answer_of_another_shape_is_broken() -> None:
    WIRE.status, WIRE.body = 200, b'{"Item": []}'

    with pytest.raises(BrokenAnswer, match="has not the shape that it must have"):
        both()[1].get_item(**READ)


def test_credentials_that_are_about_to_expire_are_refreshed() -> None:
    wire, fetched = Wire(), iter(["first", "second"])

    def fetch() -> dict[str, Any]:
        expiry = datetime.now(UTC) + timedelta(seconds=1)  # sooner than the SDK refreshes
        key = next(fetched)
        return {"access_key": key, "secret_key": "s", "token": "t", "expiry_time": str(expiry)}

    client = sdk(wire)
    credentials = RefreshableCredentials.create_from_metadata(fetch(), fetch, "test")
    client._request_signer._credentials = credentials
    LeanClient(client, DEADLINE).get_item(**READ)

    assert "Credential=second/" in wire.sent[0].headers["Authorization"]


def test_nothing_is_sent_without_credentials() -> None:
    wire = Wire()
    client = sdk(wire)
    client._request_signer._credentials = None

    with pytest.raises(NoCredentialsError):
        LeanClient(client, DEADLINE).get_item(**READ)
    assert wire.sent == []


@pytest.mark.parametrize("value", ["\ud800", object()], ids=["half a character", "an object"])
def test_a_request_that_is_no_json_is_not_sent_and_not_quoted(value: object) -> None:
    WIRE.sent.clear()

    with pytest.raises(ParamValidationError) as error:
        both()[1].put_item(TableName="users", Item={"pk": {"S": value}})
    assert WIRE.sent == []
    assert repr(value) not in str(error.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://proxy.example.com/dynamodb", "proxy.example.com"),
        ("https://proxy.example.com:443", "proxy.example.com"),
    ],
)
def test_the_endpoint_of_the_settings_is_asked(url: str, host: str) -> None:
    wire = Wire()
    client = sdk(wire, endpoint_url=url)

    client.get_item(**READ)
    LeanClient(client, DEADLINE).get_item(**READ)

    theirs, ours = wire.sent
    assert ours.url == theirs.url
    assert ours.headers["Host"] == host
