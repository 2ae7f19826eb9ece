"""From settings to blob stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from api.composition.blobs import make_blob_store, make_offload
from application.ports.blob_store import BlobStore
from infrastructure.blobs.cache import CachedBlobStore
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.blobs.s3 import S3BlobStore
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.system.clock import SystemClock
from tests.blobs import put

LOCAL = Settings(endpoint_url="http://127.0.0.1:9", region="eu-central-1", blob_bucket="blobs")


def made(settings: Settings = LOCAL, **changes: Any) -> BlobStore:
    return make_blob_store(evolve(settings, **changes), SystemClock())


def made_s3(**changes: Any) -> S3BlobStore:
    store = made(provider="dynamodb", **changes)
    assert isinstance(store, S3BlobStore)
    return store


def test_blobs_are_where_everything_else_is() -> None:
    assert isinstance(made(), MemoryBlobStore)
    assert made_s3()._bucket == "blobs"


def test_blobs_may_be_elsewhere(tmp_path: Path) -> None:
    assert isinstance(made(blob_store="s3"), S3BlobStore)
    assert isinstance(made(blob_store="file", blob_folder=str(tmp_path)), FileBlobStore)
    assert isinstance(made(provider="dynamodb", blob_store="memory"), MemoryBlobStore)


def test_files_are_in_the_folder_of_the_settings(tmp_path: Path) -> None:
    key = put(made(blob_store="file", blob_folder=str(tmp_path / "blobs")), b"one")
    assert (tmp_path / "blobs" / key).is_file()


def test_any_store_may_have_a_cache(tmp_path: Path) -> None:
    store = made(blob_cache_folder=str(tmp_path), blob_cache_megabytes=5)
    assert isinstance(store, CachedBlobStore)
    assert store._max_bytes == 5_000_000


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"blob_store": "file"}, "blob_folder"),
        ({"blob_store": "s3", "blob_bucket": None}, "blob_bucket"),
        ({"provider": "dynamodb", "blob_bucket": ""}, "blob_bucket"),
    ],
)
def test_a_store_without_its_place_is_refused(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        made(**changes)
    assert refused.value.name.startswith(name)


@pytest.mark.parametrize(
    ("chosen", "sent"), [("AES256", "AES256"), ("aws:kms", "aws:kms"), ("bucket", None)]
)
def test_the_encryption_is_that_of_the_settings(chosen: str, sent: str | None) -> None:
    assert made_s3(blob_encryption=chosen)._encryption.get("ServerSideEncryption") == sent


def test_a_local_engine_is_addressed_by_path() -> None:
    config = made_s3()._client.meta.config
    assert config.s3["addressing_style"] == "path"


def test_an_endpoint_of_dynamodb_at_aws_is_not_that_of_s3() -> None:
    endpoint = "https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com"
    meta = made_s3(endpoint_url=endpoint)._client.meta
    assert meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    assert meta.config.s3["addressing_style"] == "auto"


def test_the_sdk_tries_as_often_as_the_settings_say() -> None:
    config = made_s3(retry_attempts=7)._client.meta.config
    assert config.retries["total_max_attempts"] == 7


def test_a_value_is_offloaded_above_the_threshold() -> None:
    offload = make_offload(evolve(LOCAL, offload_threshold_bytes=1_000), made())
    assert [offload.exceeds(size) for size in (0, 1_000, 1_001)] == [False, False, True]
