"""What is told of publishing."""

from __future__ import annotations

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs

from api.composition.telemetry import broker_of, observed_publishers
from application.ports.publisher import Accepted, Failed, NotSent, Publisher, Unavailable
from infrastructure.messaging import observed_publisher
from infrastructure.settings.settings import Settings
from infrastructure.telemetry import names
from tests.messaging import bare_message, message
from tests.relaying.destinations import ScriptedDestination
from tests.telemetry import Point, Told, attributes

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/people.fifo"
SETTINGS = Settings(destinations={"people": f"sqs:{QUEUE}"})
BROKER = {
    "messaging.system": "aws_sqs",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "people.fifo",
}


@pytest.fixture
def told() -> Told:
    return Told()


def observed(
    told: Told, publisher: Publisher | None = None, settings: Settings = SETTINGS
) -> Publisher:
    publishers = {"people": publisher or ScriptedDestination()}
    return observed_publishers(settings, publishers, told.telemetry)["people"]


def test_a_call_for_one_message_is_a_producer_span_that_bears_its_correlation_id(
    told: Told,
) -> None:
    assert observed(told).publish([message()]) == [Accepted()]

    assert (told.span.name, told.span.kind) == ("send people.fifo", SpanKind.PRODUCER)
    assert attributes(told.span) == {
        **BROKER,
        "messaging.message.id": message().message_id,
        "messaging.message.conversation_id": "request-1",
        "dynastrata.correlation_ids": ("request-1",),
    }


def test_a_call_for_several_tells_how_many_and_bears_the_ids_of_all(told: Told) -> None:
    sent = [message(1), message(2, correlation_id="request-2"), message(3), bare_message(4)]

    observed(told).publish(sent)

    found = attributes(told.span)
    assert found[names.MESSAGING_COUNT] == 4
    assert found[names.CORRELATION_IDS] == ("request-1", "request-2")
    assert names.MESSAGE_ID not in found


def test_where_a_message_fails_the_span_and_the_metrics_tell(told: Told) -> None:
    first = message().message_id or ""
    publisher = observed(told, ScriptedDestination(refusals={first: 1}))

    assert publisher.publish([message(1), message(2)]) == [Failed("no such queue"), Accepted()]

    assert told.span.status.status_code is StatusCode.ERROR
    assert attributes(told.span)[names.ERROR_TYPE] == "Failed"
    failed = {**BROKER, "error.type": "Failed"}
    assert told.points(names.SENT_MESSAGES) == [Point(1, failed), Point(1, BROKER)]
    assert told.points(names.MESSAGING_DURATION) == [Point(1, failed)]


def test_where_messages_fail_in_several_ways_the_first_one_names_the_failure(told: Told) -> None:
    class Broken(ScriptedDestination):
        def publish(self, messages: object) -> list[Unavailable | Failed]:
            return [Unavailable("no connection"), Failed("no such queue")]

    observed(told, Broken()).publish([message(1), message(2)])

    assert attributes(told.span)[names.ERROR_TYPE] == "Unavailable"
    unavailable = {**BROKER, "error.type": "Unavailable"}
    assert told.points(names.MESSAGING_DURATION) == [Point(1, unavailable)]


def test_the_duration_of_a_call_is_measured(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observed_publisher, "perf_counter", iter([100.0, 100.25]).__next__)

    observed(told).publish([message()])

    assert told.total(names.MESSAGING_DURATION) == 0.25


def test_what_was_not_tried_is_not_counted(told: Told) -> None:
    class Full(ScriptedDestination):
        def publish(self, messages: object) -> list[Accepted | NotSent]:
            return [Accepted(), NotSent()]

    observed(told, Full()).publish([message(1), message(2)])

    assert told.points(names.SENT_MESSAGES) == [Point(1, BROKER)]


def test_all_else_is_as_the_publisher_says(told: Told) -> None:
    publisher = observed(told, ScriptedDestination(timeout=7.0, max_messages=3))

    assert (publisher.timeout, publisher.max_messages) == (7.0, 3)


def test_with_debug_every_message_has_a_line_with_its_correlation_id(told: Told) -> None:
    settings = Settings(log_level="debug", destinations=SETTINGS.destinations)
    with capture_logs() as lines:
        observed(told, settings=settings).publish([message(1), bare_message(2)])

    assert [line["event"] for line in lines] == ["message sent", "message sent"]
    # Said of the second too: the line must not take the id of whoever publishes it.
    assert [line["correlation_id"] for line in lines] == ["request-1", None]


@pytest.mark.parametrize(
    ("destination", "system", "name"),
    [
        (f"sqs:{QUEUE}", "aws_sqs", "people.fifo"),
        ("sns:arn:aws:sns:eu-central-1:123456789012:people", "aws.sns", "people"),
        (
            "eventbridge:arn:aws:events:eu-central-1:123456789012:event-bus/bus",
            "aws.eventbridge",
            "bus",
        ),
        ("eventbridge:bus", "aws.eventbridge", "bus"),
        ("log:", "log", "people"),
        ("memory:", "memory", "people"),
    ],
)
def test_a_destination_is_named_as_its_service_knows_it(
    destination: str, system: str, name: str
) -> None:
    broker = broker_of(Settings(destinations={"people": destination}), "people")

    assert (broker.system, broker.destination) == (system, name)
