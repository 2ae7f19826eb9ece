"""Messages to test with, and the places where they arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from attrs import frozen

from api.composition.clients import make_client
from api.composition.messaging import make_destinations, make_publishers
from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, NotSent, Publisher
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.engines import LocalEngine
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.settings.settings import Settings
from tests.samples.contexts import SAMPLES
from tests.stores import REGION

CREATED = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
_PATIENCE = 20.0  # seconds


def message(number: int = 1, key: str = "ada", **changes: Any) -> OutboxMessage:
    """A message about a person, with nothing left out."""
    every: dict[str, Any] = {
        "message_id": f"{number:012}-000-commit",
        "message_type": "PersonRegistered",
        "destination": "people",
        "ordering_key": key,
        "payload": b'{"name":"Ad\xc3\xa9l","number":%d}' % number,
        "created_at": CREATED,
        "headers": {"aggregateVersion": str(number), "note": "na\u00efve"},
        "aggregate_id": key,
        "aggregate_type": "Person",
        "correlation_id": "request-1",
        "causation_id": "event-1",
    }
    return OutboxMessage(**{**every, **changes})


def bare_message(number: int = 1, key: str = "ada", **changes: Any) -> OutboxMessage:
    """The same without anything that a message can do without."""
    nothing = dict.fromkeys(("aggregate_id", "aggregate_type", "correlation_id", "causation_id"))
    return message(number, key, **{"headers": {}, **nothing, **changes})


def publish_all(publisher: Publisher, messages: Sequence[OutboxMessage]) -> None:
    """Publishes messages, one call after the other, until every one is accepted."""
    left = list(messages)
    while left:
        outcomes = publisher.publish(left)
        assert len(outcomes) == len(left)
        assert outcomes[0] == Accepted()
        assert set(outcomes) <= {Accepted(), NotSent()}
        left = [m for m, outcome in zip(left, outcomes, strict=True) if outcome == NotSent()]


def publishers_of(
    settings: Settings, memory: MemoryPublisher | None = None
) -> Mapping[str, Publisher]:
    """The publishers that the settings lead to, for the contexts of this service."""
    destinations = make_destinations(settings, SAMPLES)
    return make_publishers(settings, destinations, memory or MemoryPublisher())


@frozen
class Mailbox:
    """A queue, with a consumer that knows nothing of the code under test."""

    client: Client
    url: str

    @property
    def arn(self) -> str:
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def receive(self, count: int) -> list[dict[str, Any]]:
        """The next messages, in the order in which they come, taken off the queue."""
        received: list[dict[str, Any]] = []
        deadline = time.monotonic() + _PATIENCE
        while len(received) < count:
            assert time.monotonic() < deadline, f"{len(received)} of {count} messages came"
            received += self._take(wait=1)
        return received

    def receive_until_empty(self) -> list[dict[str, Any]]:
        """Everything that is in the queue at this moment."""
        return [each for batch in iter(lambda: self._take(wait=0), []) for each in batch]

    def _take(self, wait: int) -> list[dict[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        taken: list[dict[str, Any]] = answer.get("Messages", [])
        for each in taken:
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return taken


@frozen
class Cloud:
    """Queues, topics and buses of an engine, each new."""

    engine: LocalEngine

    def queue(self, *, fifo: bool = False, **attributes: str) -> Mailbox:
        extra = {"FifoQueue": "true"} if fifo else {}
        url = self.client("sqs").create_queue(
            QueueName=_name(fifo=fifo), Attributes={**extra, **attributes}
        )["QueueUrl"]
        return Mailbox(self.client("sqs"), url)

    def topic(self, *subscribers: Mailbox, fifo: bool = False) -> str:
        """The ARN of a topic that delivers raw messages to queues."""
        sns = self.client("sns")
        extra = {"FifoTopic": "true"} if fifo else {}
        arn = sns.create_topic(Name=_name(fifo=fifo), Attributes=extra)["TopicArn"]
        for mailbox in subscribers:
            sns.subscribe(
                TopicArn=arn,
                Protocol="sqs",
                Endpoint=mailbox.arn,
                Attributes={"RawMessageDelivery": "true"},
            )
            self._permit(mailbox, "sns.amazonaws.com", arn)
        return str(arn)

    def bus(self, subscriber: Mailbox, pattern: dict[str, Any]) -> str:
        """The name of a bus with a rule that sends matching events to a queue."""
        events = self.client("events")
        name = _name()
        events.create_event_bus(Name=name)
        rule = events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps(pattern))
        targets = [{"Id": "queue", "Arn": subscriber.arn}]
        events.put_targets(Rule=name, EventBusName=name, Targets=targets)
        self._permit(subscriber, "events.amazonaws.com", rule["RuleArn"])
        return name

    def publisher(self, destination: str) -> Publisher:
        """The publisher that the settings lead to."""
        settings = _settings(self.engine.endpoint_url, destinations={"people": destination})
        return publishers_of(settings)["people"]

    def client(self, service: str) -> Client:
        return _client(self.engine.endpoint_url, service)

    def _permit(self, mailbox: Mailbox, service: str, source: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": mailbox.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("sqs").set_queue_attributes(QueueUrl=mailbox.url, Attributes={"Policy": policy})


def attributes(received: dict[str, Any]) -> dict[str, str]:
    """The message attributes of a received message; all are texts."""
    given = received.get("MessageAttributes", {})
    assert {each["DataType"] for each in given.values()} <= {"String"}
    return {name: each["StringValue"] for name, each in given.items()}


def numbers(received: list[dict[str, Any]]) -> list[int]:
    """Which messages these are, by the number in their bodies."""
    return [json.loads(each["Body"])["number"] for each in received]


def _name(*, fifo: bool = False) -> str:
    return f"test-{uuid4().hex}" + (".fifo" if fifo else "")


def _settings(endpoint_url: str, **more: Any) -> Settings:
    return Settings(endpoint_url=endpoint_url, region=REGION, **more)


@cache
def _client(endpoint_url: str, service: str) -> Client:
    return make_client(_settings(endpoint_url), service)
