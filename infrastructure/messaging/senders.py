"""One request to each service of AWS, and what it says of each message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError
from typing_extensions import override

from application.ports.publisher import Accepted, Failed, Outcome, Unavailable
from infrastructure.messaging.batch_publisher import Sender
from infrastructure.messaging.entries import MAX_MESSAGE
from infrastructure.messaging.event_format import MAX_ENTRY
from infrastructure.messaging.outages import SDK_ERRORS, is_outage, means_outage

Client = Any
"""A botocore client; its methods are made at run time, so it has no static type."""

_NOT_MENTIONED = Failed("the answer says nothing of this message")


@frozen
class QueueSender(Sender):
    """Sends to a queue of SQS.

    A FIFO queue keeps the messages of a group in order, and drops one whose deduplication id it
    accepted within the last five minutes. A standard queue keeps no order, and may deliver twice.
    Source: "Amazon SQS queue types" and "Exactly-once processing", Developer Guide.
    """

    client: Client
    queue_url: str
    max_bytes: int = 1_048_576  # API reference of SendMessageBatch

    @override
    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        return _numbered(
            "SendMessageBatch",
            lambda numbered: self.client.send_message_batch(
                QueueUrl=self.queue_url, Entries=numbered
            ),
            entries,
        )


@frozen
class TopicSender(Sender):
    """Publishes to a topic of SNS.

    A FIFO topic keeps the messages of a group in order, as far as subscribed FIFO queues, and drops
    one whose deduplication id it accepted within the last five minutes. A standard topic keeps no
    order, and may deliver twice.
    Source: "Message ordering and deduplication (FIFO topics)", SNS Developer Guide.
    """

    client: Client
    topic_arn: str
    max_bytes: int = MAX_MESSAGE  # "Amazon SNS message batching", Developer Guide

    @override
    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        return _numbered(
            "PublishBatch",
            lambda numbered: self.client.publish_batch(
                TopicArn=self.topic_arn, PublishBatchRequestEntries=numbered
            ),
            entries,
        )


@frozen
class BusSender(Sender):
    """Puts events on a bus of EventBridge; which one, each entry says.

    EventBridge keeps no order, and may deliver twice. It continues behind an entry that fails, and
    answers at the place of each ("Sending events with PutEvents", User Guide).
    """

    client: Client
    max_bytes: int = MAX_ENTRY

    @override
    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        try:
            answer = self.client.put_events(Entries=list(entries))
        except SDK_ERRORS as error:
            return [_failure(error)] * len(entries)
        results = [*_mappings(answer, "Entries"), *repeat({}, len(entries))]
        return _told([_of_event(result) for result in islice(results, len(entries))])


def _numbered(
    operation: str,
    send: Callable[[list[dict[str, Any]]], Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
) -> Sequence[Outcome]:
    """Sends entries under the ids 0, 1, 2 and so on, by which the answer names them."""
    try:
        answer = send([{"Id": str(place), **entry} for place, entry in enumerate(entries)])
    except SDK_ERRORS as error:
        return [_failure(error)] * len(entries)
    outcomes: dict[str, Outcome] = {
        str(entry.get("Id")): Accepted() for entry in _mappings(answer, "Successful")
    }
    outcomes |= {
        str(entry.get("Id")): _refused(operation, str(entry.get("Code", "")))
        for entry in _mappings(answer, "Failed")
    }
    return _told([outcomes.get(str(place), _NOT_MENTIONED) for place in range(len(entries))])


def _mappings(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The entries of an answer; an empty one for what is none, which no service sends."""
    return [entry if isinstance(entry, Mapping) else {} for entry in answer.get(name) or ()]


def _told(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Of a destination that accepts other messages nobody says that it is out."""
    if Accepted() not in outcomes:
        return outcomes
    return [Failed(each.reason) if isinstance(each, Unavailable) else each for each in outcomes]


def _refused(operation: str, code: str) -> Failed | Unavailable:
    reason = f"{operation}: {code}"
    return Unavailable(reason) if is_outage(code) else Failed(reason)


def _of_event(result: Mapping[str, Any]) -> Outcome:
    if code := result.get("ErrorCode"):
        return _refused("PutEvents", code)
    return Accepted() if result.get("EventId") else _NOT_MENTIONED


def _failure(error: Exception) -> Failed | Unavailable:
    """What became of each message where the request failed as a whole."""
    return Unavailable(_reason(error)) if means_outage(error) else Failed(_reason(error))


def _reason(error: Exception) -> str:
    """The operation, the code and the id of the request, or the name of the SDK's error.

    Not what the service says in words: it may quote a message.
    """
    if not isinstance(error, ClientError):
        return type(error).__name__
    code = error.response.get("Error", {}).get("Code", "an error without a code")
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
    suffix = f" (request id: {request_id})" if request_id else ""
    return f"{error.operation_name}: {code}{suffix}"
