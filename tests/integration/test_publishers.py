"""Publishing to real queues, topics and event buses, received by a consumer that is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from application.ports.publisher import Accepted, Failed, NotSent, Unavailable
from infrastructure.engines import LocalEngine
from infrastructure.messaging.destinations import format_of
from infrastructure.messaging.entries import MAX_MESSAGE
from infrastructure.settings.destination import Destination
from tests.messaging import (
    Cloud,
    attributes,
    bare_message,
    message,
    numbers,
    publish_all,
)

pytestmark = pytest.mark.engine

BODY = '{"name":"Ad\u00e9l","number":1}'
ATTRIBUTES = {
    "messageId": "000000000001-000-commit",
    "messageType": "PersonRegistered",
    "orderingKey": "ada",
    "aggregateId": "ada",
    "aggregateType": "Person",
    "correlationId": "request-1",
    "causationId": "event-1",
    "createdAt": "2026-03-01T09:30:15.250000+00:00",
    "headers": '{"aggregateVersion":"1","note":"na\\u00efve"}',
}
BARE = {"messageId", "messageType", "orderingKey", "createdAt"}
INTERLEAVED = [message(n, key) for n, key in enumerate(["a", "b", "a", "a", "c", "b", "a"] * 3)]


@pytest.fixture
def cloud(ministack: LocalEngine) -> Cloud:
    return Cloud(ministack)


def fifo_ids(received: dict[str, Any]) -> tuple[str | None, str | None]:
    system = received["Attributes"]
    return system.get("MessageGroupId"), system.get("MessageDeduplicationId")


def by_group(received: list[dict[str, Any]]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for each, number in zip(received, numbers(received), strict=True):
        groups.setdefault(each["Attributes"]["MessageGroupId"], []).append(number)
    return groups


def sent_by_group() -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for number, each in enumerate(INTERLEAVED):
        groups.setdefault(each.ordering_key, []).append(number)
    return groups


def of_text_size(address: str, size: int) -> bytes:
    """A payload with which a message counts for so many bytes."""
    written = format_of(Destination.parse(address))
    assert written is not None
    return b"x" * (size - written.entry(message(payload=b"x")).size + 1)


def test_a_queue_gets_the_payload_and_all_attributes(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    assert cloud.publisher(f"sqs:{mailbox.url}").publish([message()]) == [Accepted()]
    [received] = mailbox.receive(1)
    assert received["Body"] == BODY
    assert attributes(received) == ATTRIBUTES
    assert fifo_ids(received) == (None, None)


def test_a_queue_gets_a_message_that_has_nothing_it_can_do_without(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    assert cloud.publisher(f"sqs:{mailbox.url}").publish([bare_message()]) == [Accepted()]
    [received] = mailbox.receive(1)
    assert set(attributes(received)) == BARE


def test_a_fifo_queue_gets_group_and_deduplication_id(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    assert cloud.publisher(f"sqs:{mailbox.url}").publish([message()]) == [Accepted()]
    [received] = mailbox.receive(1)
    assert (received["Body"], attributes(received)) == (BODY, ATTRIBUTES)
    assert fifo_ids(received) == ("ada", "000000000001-000-commit")


def test_a_fifo_queue_keeps_the_order_of_every_key(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    publish_all(cloud.publisher(f"sqs:{mailbox.url}"), INTERLEAVED)
    assert by_group(mailbox.receive(len(INTERLEAVED))) == sent_by_group()


def test_a_fifo_queue_drops_a_message_that_is_repeated(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    publisher = cloud.publisher(f"sqs:{mailbox.url}")
    for number in (1, 1, 2, 1, 2, 3):
        assert publisher.publish([message(number)]) == [Accepted()]
    assert numbers(mailbox.receive_until_empty()) == [1, 2, 3]


def test_a_repeated_message_is_dropped_also_after_it_was_consumed(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    publisher = cloud.publisher(f"sqs:{mailbox.url}")
    publisher.publish([message(1)])
    assert numbers(mailbox.receive(1)) == [1]
    assert publisher.publish([message(1)]) == [Accepted()]
    publisher.publish([message(2)])
    assert numbers(mailbox.receive_until_empty()) == [2]


def test_a_queue_may_refuse_one_message_of_a_request(cloud: Cloud) -> None:
    mailbox = cloud.queue(MaximumMessageSize="1024")
    given = [message(1), message(2, payload=b"x" * 2_000), message(3)]
    outcomes = cloud.publisher(f"sqs:{mailbox.url}").publish(given)
    failed = Failed("SendMessageBatch: InvalidParameterValue")
    assert outcomes == [Accepted(), failed, Accepted()]
    assert sorted(numbers(mailbox.receive_until_empty())) == [1, 3]


def test_nothing_overtakes_a_message_that_a_fifo_queue_refuses(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True, MaximumMessageSize="1024")
    publisher = cloud.publisher(f"sqs:{mailbox.url}")
    given = [message(1, "a", payload=b"x" * 2_000), message(2, "a"), message(3, "b")]
    outcomes = publisher.publish(given)
    failed = Failed("SendMessageBatch: InvalidParameterValue")
    assert outcomes == [failed, NotSent(), Accepted()]
    assert numbers(mailbox.receive_until_empty()) == [3]


def test_ten_messages_of_the_largest_size_take_three_requests(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    publisher = cloud.publisher(f"sqs:{mailbox.url}")
    payload = of_text_size(f"sqs:{mailbox.url}", MAX_MESSAGE)
    large = [message(n, payload=payload) for n in range(10)]
    assert publisher.publish(large) == [Accepted()] * 4 + [NotSent()] * 6
    publish_all(publisher, large[4:])
    received = mailbox.receive(10)
    assert {each["Body"] for each in received} == {payload.decode()}
    assert {attributes(each)["messageId"] for each in received} == {m.message_id for m in large}


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_queue_that_is_not_there_is_unavailable(suffix: str, cloud: Cloud) -> None:
    url = f"{cloud.engine.endpoint_url}/000000000000/nowhere{suffix}"
    outcomes = cloud.publisher(f"sqs:{url}").publish([message(1, "a"), message(2, "b")])
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], Unavailable)
    assert "SendMessageBatch: AWS.SimpleQueueService.NonExistentQueue" in outcomes[0].reason


def test_a_topic_passes_on_the_payload_and_all_attributes(cloud: Cloud) -> None:
    mailboxes = [cloud.queue(), cloud.queue()]
    arn = cloud.topic(*mailboxes)
    assert cloud.publisher(f"sns:{arn}").publish([message()]) == [Accepted()]
    for mailbox in mailboxes:
        [received] = mailbox.receive(1)
        assert (received["Body"], attributes(received)) == (BODY, ATTRIBUTES)
        assert fifo_ids(received) == (None, None)


def test_a_fifo_topic_passes_on_group_and_deduplication_id(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    arn = cloud.topic(mailbox, fifo=True)
    assert cloud.publisher(f"sns:{arn}").publish([message()]) == [Accepted()]
    [received] = mailbox.receive(1)
    assert (received["Body"], attributes(received)) == (BODY, ATTRIBUTES)
    assert fifo_ids(received) == ("ada", "000000000001-000-commit")


def test_a_fifo_topic_keeps_the_order_of_every_key(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    publish_all(cloud.publisher(f"sns:{cloud.topic(mailbox, fifo=True)}"), INTERLEAVED)
    assert by_group(mailbox.receive(len(INTERLEAVED))) == sent_by_group()


def test_a_fifo_topic_drops_a_message_that_is_repeated(cloud: Cloud) -> None:
    mailbox = cloud.queue(fifo=True)
    publisher = cloud.publisher(f"sns:{cloud.topic(mailbox, fifo=True)}")
    for number in (1, 1, 2, 1, 3):
        assert publisher.publish([message(number)]) == [Accepted()]
    assert numbers(mailbox.receive_until_empty()) == [1, 2, 3]


def test_a_topic_takes_the_largest_message_and_counts_its_bytes_as_we_do(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    arn = cloud.topic(mailbox)
    payload = of_text_size(f"sns:{arn}", MAX_MESSAGE)
    assert cloud.publisher(f"sns:{arn}").publish([message(payload=payload)]) == [Accepted()]
    [received] = mailbox.receive(1)
    assert received["Body"] == payload.decode()
    # One byte more, past our own check, is what the topic refuses.
    written = format_of(Destination.parse(f"sns:{arn}"))
    assert written is not None
    entry = dict(written.entry(message(payload=payload)).request)
    too_large = [
        {**entry, "Id": "0", "Message": entry["Message"] + "x"},
        {**written.entry(message(2)).request, "Id": "1"},
    ]
    answer = cloud.client("sns").publish_batch(TopicArn=arn, PublishBatchRequestEntries=too_large)
    assert [each["Id"] for each in answer["Failed"]] == ["0"]


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_topic_that_is_not_there_is_unavailable(suffix: str, cloud: Cloud) -> None:
    arn = f"arn:aws:sns:eu-central-1:000000000000:nowhere{suffix}"
    outcomes = cloud.publisher(f"sns:{arn}").publish([message(1, "a"), message(2, "b")])
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], Unavailable)
    assert outcomes[0].reason.startswith("PublishBatch: NotFound")


def test_a_rule_passes_on_the_event_with_payload_and_metadata(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    bus = cloud.bus(mailbox, {"source": ["dynastrata.people"], "detail-type": ["PersonRegistered"]})
    given = [message(), message(2, message_type="PersonBanned")]
    assert cloud.publisher(f"eventbridge:{bus}").publish(given) == [Accepted()] * 2
    [received] = mailbox.receive_until_empty()
    event = json.loads(received["Body"])
    assert (event["source"], event["detail-type"]) == ("dynastrata.people", "PersonRegistered")
    assert event["detail"] == {
        "metadata": {**ATTRIBUTES, "headers": {"aggregateVersion": "1", "note": "na\u00efve"}},
        "data": {"name": "Ad\u00e9l", "number": 1},
    }


def test_a_rule_can_match_metadata_and_payload(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    bus = cloud.bus(
        mailbox, {"detail": {"metadata": {"aggregateId": ["grace"]}, "data": {"number": [2]}}}
    )
    given = [message(1, "grace"), message(2, "grace"), message(2, "ada")]
    assert cloud.publisher(f"eventbridge:{bus}").publish(given) == [Accepted()] * 3
    events = [json.loads(each["Body"]) for each in mailbox.receive_until_empty()]
    assert [event["detail"]["data"]["number"] for event in events] == [2]


def test_a_bus_can_be_named_by_its_arn(cloud: Cloud) -> None:
    mailbox = cloud.queue()
    bus = cloud.bus(mailbox, {"source": ["dynastrata.people"]})
    arn = cloud.client("events").describe_event_bus(Name=bus)["Arn"]
    assert cloud.publisher(f"eventbridge:{arn}").publish([message()]) == [Accepted()]
    assert len(mailbox.receive(1)) == 1
