"""Queues, topics and buses by their parts."""

from __future__ import annotations

import pytest

from infrastructure.deployment.addresses import Address, Place, address_of
from infrastructure.settings.destination import Destination

ACCOUNT = "123456789012"
HERE = Place(region="eu-central-1", account="210987654321")


@pytest.mark.parametrize(
    ("destination", "arn"),
    [
        (
            f"sqs:https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/orders.fifo",
            f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders.fifo",
        ),
        (
            f"sqs:https://eu-west-1.queue.amazonaws.com/{ACCOUNT}/orders",
            f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders",
        ),
        (
            f"sqs:http://127.0.0.1:4566/{ACCOUNT}/orders",
            f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders",
        ),
        ("sqs:http://127.0.0.1:9324/queue/orders", "arn:aws:sqs:eu-central-1:210987654321:orders"),
        (f"sns:arn:aws:sns:eu-west-1:{ACCOUNT}:orders", f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"),
        ("eventbridge:orders", "arn:aws:events:eu-central-1:210987654321:event-bus/orders"),
        (
            f"eventbridge:arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/orders",
            f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/orders",
        ),
    ],
)
def test_an_address_has_its_name_in_aws(destination: str, arn: str) -> None:
    address = address_of(Destination.parse(destination))
    assert address is not None
    assert address.arn(HERE) == arn


@pytest.mark.parametrize("destination", ["log:", "memory:"])
def test_what_is_no_queue_topic_or_bus_has_no_address(destination: str) -> None:
    assert address_of(Destination.parse(destination)) is None


def test_a_name_is_of_the_partition_of_the_service() -> None:
    place = Place(partition="aws-cn", region="cn-north-1", account=ACCOUNT)
    bus = Address(service="events", name="orders")
    assert bus.arn(place) == f"arn:aws-cn:events:cn-north-1:{ACCOUNT}:event-bus/orders"
    assert place.bucket("blobs") == "arn:aws-cn:s3:::blobs"
