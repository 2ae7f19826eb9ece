"""Blobs and destinations: whether the places that the settings name are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.doctor.blobs import BucketCheck, FolderCheck, NoBucketCheck
from infrastructure.doctor.destinations import DestinationCheck
from infrastructure.doctor.finding import Check, Doctor, Finding, Level
from infrastructure.settings.destination import Destination
from tests.faults.faulty_client import FaultyClient, not_connected, refused

REGION = "us-east-1"
MISSING = {
    "queue": f"sqs:https://sqs.{REGION}.amazonaws.com/123456789012/missing",
    "topic": f"sns:arn:aws:sns:{REGION}:123456789012:missing",
    "bus": "eventbridge:missing",
}


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


def client(service: str) -> Any:
    return boto3.client(service, REGION)


def only(check: Check) -> Finding:
    (finding,) = Doctor((check,)).examine()
    return finding


def destination(text: str, clients: Any = client, *, is_deployed: bool = False) -> Finding:
    return only(
        DestinationCheck(
            logical="people",
            destination=Destination.parse(text),
            clients=clients,
            is_deployed=is_deployed,
        )
    )


def test_a_missing_bucket_is_found() -> None:
    found = only(BucketCheck(client("s3"), "no-such-bucket"))
    assert found.level is Level.FAULT
    assert "DYNASTRATA_BLOB_BUCKET" in found.advice


@pytest.mark.parametrize(
    ("versions", "level"), [("Suspended", Level.WARNING), ("Enabled", Level.OK)]
)
def test_a_bucket_is_best_with_versions(versions: str, level: Level) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="blobs")
    s3.put_bucket_versioning(Bucket="blobs", VersioningConfiguration={"Status": versions})
    assert only(BucketCheck(s3, "blobs")).level is level


def test_a_bucket_whose_versions_may_not_be_seen_is_a_warning() -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="blobs")
    denied = FaultyClient(
        s3, [refused("AccessDenied", 403)], lambda operation: "versioning" in operation
    )
    found = only(BucketCheck(denied, "blobs"))
    assert (found.level, "s3:GetBucketVersioning" in found.advice) == (Level.WARNING, True)


@pytest.mark.parametrize("fault", [refused("403", 403), not_connected])
def test_a_bucket_that_does_not_answer_is_a_fault(fault: Any) -> None:
    s3 = FaultyClient(client("s3"), [fault], lambda _: True)
    assert only(BucketCheck(s3, "blobs")).level is Level.FAULT


def test_a_folder_that_cannot_be_made_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert only(FolderCheck(tmp_path / "made" / "later")).level is Level.OK
    found = only(FolderCheck(tmp_path / "file" / "blobs"))
    assert (found.level, found.advice) == (Level.FAULT, "correct DYNASTRATA_BLOB_FOLDER")


@pytest.mark.parametrize(("is_memory", "level"), [(True, Level.WARNING), (False, Level.OK)])
def test_blobs_in_memory_are_a_warning_and_none_at_all_are_not(
    is_memory: bool, level: Level
) -> None:
    assert only(NoBucketCheck(is_memory=is_memory)).level is level


@pytest.mark.parametrize("text", MISSING.values(), ids=MISSING)
def test_a_destination_that_is_missing_is_found(text: str) -> None:
    found = destination(text)
    assert (found.check, found.level) == ("destination people", Level.FAULT)
    assert "DYNASTRATA_PEOPLE_DESTINATION" in found.advice


def test_destinations_that_are_there_are_well() -> None:
    queue = client("sqs").create_queue(QueueName="people")["QueueUrl"]
    topic = client("sns").create_topic(Name="people")["TopicArn"]
    for text in (f"sqs:{queue}", f"sns:{topic}", "eventbridge:default"):
        assert destination(text).level is Level.OK


def test_a_destination_that_may_not_be_looked_at_is_a_warning() -> None:
    def denying(service: str) -> FaultyClient:
        return FaultyClient(client(service), [refused("AccessDenied", 403)], lambda _: True)

    found = destination(MISSING["queue"], denying)
    assert (found.level, "sqs:GetQueueAttributes" in found.advice) == (Level.WARNING, True)


def test_a_destination_that_does_not_answer_is_a_fault() -> None:
    def unreachable(service: str) -> FaultyClient:
        return FaultyClient(client(service), [not_connected], lambda _: True)

    assert destination(MISSING["bus"], unreachable).level is Level.FAULT


@pytest.mark.parametrize("text", ["log:", "memory:"])
def test_what_loses_messages_is_a_fault_in_production_alone(text: str) -> None:
    assert destination(text).level is Level.OK
    found = destination(text, is_deployed=True)
    assert (found.level, "DYNASTRATA_PEOPLE_DESTINATION" in found.advice) == (Level.FAULT, True)
