"""One request to each service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from attrs import frozen

from infrastructure.dynamodb.client import Client
from infrastructure.messaging.entries import LARGEST_MESSAGE
from infrastructure.messaging.event_format import LARGEST_ENTRY
from infrastructure.messaging.failures import NOT_MENTIONED, entry_failure, outcomes_by_id


@frozen
class QueueSender:
    """Sends to a queue of SQS.

    A FIFO queue keeps the messages of a group in order, and drops one whose deduplication id it
    accepted within the last five minutes. A standard queue keeps no order, and may deliver twice.
    Source: "Amazon SQS queue types" and "Exactly-once processing", Developer Guide.
    """

    client: Client
    queue_url: str
    most_bytes: int = 1_048_576  # API reference of SendMessageBatch

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        """See `Sender`."""
        answer = self.client.send_message_batch(QueueUrl=self.queue_url, Entries=_numbered(entries))
        return outcomes_by_id("SendMessageBatch", answer, len(entries))


@frozen
class TopicSender:
    """Publishes to a topic of SNS.

    A FIFO topic keeps the messages of a group in order, as far as subscribed FIFO queues, and drops
    one whose deduplication id it accepted within the last five minutes. A standard topic keeps no
    order, and may deliver twice.
    Source: "Message ordering and deduplication (FIFO topics)", SNS Developer Guide.
    """

    client: Client
    topic_arn: str
    most_bytes: int = LARGEST_MESSAGE  # "Amazon SNS message batching", Developer Guide

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        """See `Sender`."""
        answer = self.client.publish_batch(
            TopicArn=self.topic_arn, PublishBatchRequestEntries=_numbered(entries)
        )
        return outcomes_by_id("PublishBatch", answer, len(entries))


@frozen
class BusSender:
    """Puts events on a bus of EventBridge; which one, each entry says.

    EventBridge keeps no order, and may deliver twice. It continues behind an entry that fails, and
    answers at the place of each ("Sending events with PutEvents", User Guide).
    """

    client: Client
    most_bytes: int = LARGEST_ENTRY

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        """See `Sender`."""
        answer = self.client.put_events(Entries=list(entries))
        results = [*answer.get("Entries", ()), *repeat({}, len(entries))]
        return [_outcome(result) for result in islice(results, len(entries))]


def _numbered(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"Id": str(place), **entry} for place, entry in enumerate(entries)]


def _outcome(result: Mapping[str, Any]) -> str | None:
    if code := result.get("ErrorCode"):
        return entry_failure("PutEvents", code)
    return None if result.get("EventId") else NOT_MENTIONED
