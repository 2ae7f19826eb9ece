"""From settings to checks."""

from __future__ import annotations

from typing import Any

import pytest

from api.container import build_container
from infrastructure.doctor.blobs import BucketCheck, FolderCheck, NoBucketCheck
from infrastructure.doctor.finding import Check
from infrastructure.settings.settings import Settings

NOWHERE = "http://127.0.0.1:9"


def checks(**settings: Any) -> tuple[Check, ...]:
    found = Settings(provider="dynamodb", endpoint_url=NOWHERE, region="us-east-1", **settings)
    return build_container(found).doctor().checks


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, NoBucketCheck),
        ({"blob_store": "memory"}, NoBucketCheck),
        ({"blob_bucket": "blobs"}, BucketCheck),
        ({"blob_store": "s3", "blob_bucket": "blobs"}, BucketCheck),
        ({"blob_store": "file", "blob_folder": "blobs"}, FolderCheck),
    ],
)
def test_blobs_are_looked_at_where_the_settings_put_them(
    settings: dict[str, Any], kind: type[Check]
) -> None:
    assert [type(check) for check in checks(**settings) if check.name == "blobs"] == [kind]


def test_every_destination_is_looked_at() -> None:
    names = [check.name for check in checks(destinations={"parcels": "log:"})]
    assert names[:2] == ["store", "blobs"]
    assert "destination parcels" in names


def test_in_memory_there_is_nothing_to_look_at() -> None:
    assert build_container(Settings()).doctor().checks == ()
