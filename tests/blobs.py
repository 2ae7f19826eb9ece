"""Blobs to test with, and where they are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from hashlib import sha256
from random import Random
from uuid import uuid4

from api.composition.clients import make_client
from application.ports.blob_store import BlobStore, StoredBlob
from infrastructure.blobs.s3 import S3BlobStore
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.settings.settings import Settings
from tests.stores import PATIENCE, REGION


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that no compression makes smaller."""
    return Random(seed).randbytes(size)


def key_of(content: bytes, folder: str = "roster/1") -> str:
    """The key of this content."""
    return f"{folder}/{sha256(content).hexdigest()}.bin"


def put(store: BlobStore, content: bytes, folder: str = "roster/1") -> str:
    """Puts a blob as it is; its key."""
    key = key_of(content, folder)
    store.put(key, content)
    return key


def read(store: BlobStore, key: str) -> bytes:
    """The whole of a blob as it is stored."""
    with store.open(key) as stored:
        return stored.read()


def stored(store: BlobStore, key: str) -> StoredBlob:
    """What the store tells of a blob."""
    [found] = [blob for blob in store.list("") if blob.key == key]
    return found


def put_until_not_before(store: BlobStore, content: bytes, cut: datetime) -> None:
    """Puts a blob again until it was last put at or after this: some clocks count whole seconds."""
    deadline = time.monotonic() + PATIENCE
    key = put(store, content)
    while stored(store, key).last_modified < cut:
        assert time.monotonic() < deadline, "a blob that was put again stays old"
        put(store, content)


def new_bucket(client: Client, *, versions: bool = False) -> str:
    """The name of an empty bucket."""
    name = f"test-{uuid4().hex}"
    where = {"LocationConstraint": REGION}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    if versions:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@cache
def s3_client(endpoint_url: str | None) -> Client:
    """One client an engine, and one for moto: making one costs more than most tests."""
    settings = Settings(endpoint_url=endpoint_url, region=REGION, read_timeout_seconds=PATIENCE)
    return make_client(settings, "s3", attempts=settings.retry_attempts)


def s3_store(endpoint_url: str | None, *, versions: bool = False) -> S3BlobStore:
    """A store in a bucket of its own."""
    client = s3_client(endpoint_url)
    return S3BlobStore(client, new_bucket(client, versions=versions), "AES256")


def keys(blobs: Iterable[StoredBlob]) -> list[str]:
    """The keys of listed blobs, in order."""
    return sorted(blob.key for blob in blobs)
