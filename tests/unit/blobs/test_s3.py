"""What only the store in S3 has to get right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore import exceptions as sdk

from api.composition.blobs import make_blob_store
from application.collect_blobs import Collected, collect_blobs
from application.errors import (
    AccessDenied,
    RequestRejected,
    ResourceMissing,
    ServiceFault,
    StorageError,
    Throttled,
    Unreachable,
)
from application.ports.blob_store import BlobStore
from infrastructure.blobs.s3 import S3BlobStore
from infrastructure.blobs.s3_errors import translated
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.engines import LocalEngine
from infrastructure.settings.settings import Settings
from infrastructure.system.clock import SystemClock
from tests.blobs import key_of, keys, new_bucket, noise, put, read, s3_client, s3_store

ONE = b"one"
KEY = key_of(ONE)


@pytest.fixture
def client(moto_client: Client) -> Client:
    return s3_client(None)


@pytest.mark.parametrize("encryption", ["AES256", "aws:kms"])
def test_a_blob_is_encrypted_as_the_settings_say(client: Client, encryption: str) -> None:
    bucket = new_bucket(client)
    put(S3BlobStore(client, bucket, encryption), ONE)
    found = client.head_object(Bucket=bucket, Key=KEY)
    assert found["ServerSideEncryption"] == encryption


def test_the_bucket_may_choose_the_encryption(client: Client) -> None:
    bucket = new_bucket(client)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put(S3BlobStore(client, bucket, None), ONE)
    assert client.head_object(Bucket=bucket, Key=KEY)["ServerSideEncryption"] == "aws:kms"


def test_a_long_listing_is_read_to_its_end(client: Client, request: pytest.FixtureRequest) -> None:
    store = S3BlobStore(client, new_bucket(client), None)
    put_keys = sorted(put(store, bytes([n])) for n in range(5))

    def few(params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**params, "MaxKeys": 2}

    with_event(client, "provide-client-params.s3.ListObjectsV2", few, request)
    assert keys(store.list("")) == put_keys


def with_event(
    client: Client, event: str, handler: Callable[..., object], request: pytest.FixtureRequest
) -> None:
    """Calls a handler before the client's requests, until the test ends."""
    client.meta.events.register(event, handler)
    request.addfinalizer(lambda: client.meta.events.unregister(event, handler))


def test_objects_of_others_are_neither_listed_nor_collected(client: Client) -> None:
    bucket = new_bucket(client)
    for name in ("logs/2026.txt", "roster/.hidden/x.bin", "roster/1/short.bin"):
        client.put_object(Bucket=bucket, Key=name, Body=ONE)
    store = S3BlobStore(client, bucket, None)
    assert keys(store.list("")) == []
    later = datetime.now(UTC) + timedelta(hours=1)
    assert collect_blobs(store, [], older_than=later) == Collected(count=0, bytes=0)
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 3


def test_in_a_bucket_with_versions_a_put_during_a_collection_is_kept(
    client: Client, moto_client: Client, request: pytest.FixtureRequest
) -> None:
    store = s3_store(None, versions=True)
    put(store, ONE)
    with_event(client, "before-call.s3.DeleteObject", lambda **_: put(store, ONE) and None, request)
    assert store.delete(KEY, older_than=datetime.now(UTC) + timedelta(hours=1))
    assert read(store, KEY) == ONE


def test_in_a_bucket_with_versions_a_deleted_blob_is_missing(
    moto_client: Client,
) -> None:
    store = s3_store(None, versions=True)
    for _ in range(2):
        put(store, ONE)
    assert store.delete(KEY)
    assert keys(store.list("")) == []


OPERATIONS: list[Callable[[BlobStore], object]] = [
    lambda store: store.put(KEY, ONE),
    lambda store: store.open(KEY),
    lambda store: store.delete(KEY),
    lambda store: list(store.list("")),
]


@pytest.mark.engine
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_missing_bucket_is_named(
    ministack: LocalEngine, operation: Callable[[BlobStore], object]
) -> None:
    client = s3_client(ministack.endpoint_url)
    with pytest.raises(ResourceMissing) as missing:
        operation(S3BlobStore(client, "no-such-bucket", None))
    assert missing.value.table == "no-such-bucket"
    assert "blob_bucket" in str(missing.value)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_endpoint_that_nobody_listens_at_is_unreachable(
    operation: Callable[[BlobStore], object],
) -> None:
    store = make_blob_store(
        Settings(
            blob_store="s3",
            blob_bucket="blobs",
            endpoint_url="http://127.0.0.1:9",
            region="eu-central-1",
            retry_attempts=2,
        ),
        SystemClock(),
    )
    with pytest.raises(Unreachable) as unreachable:
        operation(store)
    assert (unreachable.value.attempts, unreachable.value.maybe_applied) == (2, False)


def answer(code: str, status: int) -> sdk.ClientError:
    metadata = {"HTTPStatusCode": status, "RequestId": "request-1", "RetryAttempts": 3}
    return sdk.ClientError(
        {"Error": {"Code": code, "Message": "hush"}, "ResponseMetadata": metadata}, "PutObject"
    )


@pytest.mark.parametrize(
    ("code", "status", "kind", "maybe_applied"),
    [
        ("SlowDown", 503, Throttled, False),
        ("ThrottlingException", 400, Throttled, False),
        ("TooManyRequestsException", 429, Throttled, False),
        ("AccessDenied", 403, AccessDenied, False),
        ("InvalidAccessKeyId", 403, AccessDenied, False),
        ("ExpiredToken", 400, AccessDenied, False),
        ("NoSuchBucket", 404, ResourceMissing, False),
        ("404", 404, ResourceMissing, False),
        ("InternalError", 500, ServiceFault, True),
        ("ServiceUnavailable", 503, ServiceFault, True),
        ("RequestTimeout", 400, ServiceFault, True),
        ("EntityTooLarge", 400, RequestRejected, False),
    ],
)
def test_an_answer_is_translated(
    code: str, status: int, kind: type[StorageError], *, maybe_applied: bool
) -> None:
    with pytest.raises(StorageError) as failed, translated("PutObject", "blobs", KEY):
        raise answer(code, status)
    error = failed.value
    assert type(error) is kind
    assert (error.operation, error.table, error.key) == ("PutObject", "blobs", KEY)
    assert (error.request_id, error.attempts) == ("request-1", 4)
    assert error.maybe_applied is maybe_applied
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("cause", "kind", "maybe_applied"),
    [
        (sdk.ConnectTimeoutError(endpoint_url="x"), Unreachable, False),
        (sdk.ReadTimeoutError(endpoint_url="x"), Unreachable, True),
        (sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unreachable, True),
        (sdk.ResponseStreamingError(error="hush"), Unreachable, True),
        (sdk.FlexibleChecksumError(error_msg="hush"), Unreachable, True),
        (sdk.NoCredentialsError(), AccessDenied, False),
        (sdk.ParamValidationError(report="hush"), RequestRejected, False),
    ],
)
def test_what_the_sdk_raises_is_translated(
    cause: Exception, kind: type[StorageError], *, maybe_applied: bool
) -> None:
    with pytest.raises(StorageError) as failed, translated("GetObject", "blobs", KEY):
        raise cause
    assert type(failed.value) is kind
    assert failed.value.maybe_applied is maybe_applied
    assert failed.value.__cause__ is cause
    assert "hush" not in str(failed.value)


def test_a_blob_whose_connection_breaks_while_it_is_read_is_unreachable(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3BlobStore(client, new_bucket(client), None)
    put(store, noise(600_000))

    class Breaking:
        def readinto(self, _: object) -> int:
            raise sdk.ReadTimeoutError(endpoint_url="x")

        def close(self) -> None:
            pass

    monkeypatch.setattr(client, "get_object", lambda **_: {"Body": Breaking()})
    with store.open(key_of(noise(600_000))) as stream, pytest.raises(Unreachable):
        stream.read()
