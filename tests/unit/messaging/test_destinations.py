"""Where messages may go: addresses, and which messages they take."""

from __future__ import annotations

import pytest

from api.composition.messaging import make_destinations
from domain.errors import InvalidValue
from infrastructure.messaging.destinations import Destinations, format_of
from infrastructure.settings.destination import Destination
from infrastructure.settings.settings import Settings, SettingsError
from tests.messaging import bare_message, message
from tests.samples.contexts import SAMPLES
from tests.samples.parcels import PARCEL_INTEGRATION_EVENTS
from tests.samples.people import PERSON_INTEGRATION_EVENTS

QUEUE = "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/people"
TOPIC = "sns:arn:aws:sns:eu-central-1:123456789012:people"
BUS = "eventbridge:arn:aws:events:eu-central-1:123456789012:event-bus/people"


@pytest.mark.parametrize(
    "address",
    [
        "log:",
        "memory:",
        QUEUE,
        QUEUE + ".fifo",
        "sqs:http://127.0.0.1:4566/000000000000/people",
        "sqs:https://queue.amazonaws.com/people",
        TOPIC,
        TOPIC + ".fifo",
        "sns:arn:aws-cn:sns:cn-north-1:123456789012:people",
        BUS,
        "eventbridge:default",
    ],
)
def test_an_address_comes_back_as_it_was_written(address: str) -> None:
    assert str(Destination.parse(address)) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "must be log:, memory:"),
        ("?", "must be log:, memory:"),
        ("log", "must be log:, memory:"),
        ("kafka:people", "must be log:, memory:"),
        ("log:here", "nothing follows log:"),
        ("memory:here", "nothing follows memory:"),
        ("sqs:", "behind sqs: comes the http:// or https:// URL of a queue"),
        ("sqs:people", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/people?x=1", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/people ", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/people\n", "behind sqs:"),
        ("sqs:ftp://sqs.eu-central-1.amazonaws.com/1/people", "behind sqs:"),
        ("sns:people", "behind sns: comes the ARN of a topic"),
        ("sns:arn:aws:sqs:eu-central-1:123456789012:people", "behind sns:"),
        ("sns:arn:aws:sns:eu-central-1:12345:people", "behind sns:"),
        ("eventbridge:", "behind eventbridge: comes the name or the ARN of an event bus"),
        ("eventbridge:a bus", "behind eventbridge:"),
        ("eventbridge:arn:aws:events:eu-central-1:123456789012:rule/people", "behind eventbridge:"),
    ],
)
def test_a_malformed_address_is_refused_with_what_is_wrong(address: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Destination.parse(address)
    assert refused.value.field == "destination"
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize("name", ["people", "parcels"])
def test_the_setting_with_a_malformed_address_is_named_and_not_quoted(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(destinations={name: "sqs:a-secret"})
    assert str(refused.value) == (
        f"{name}_destination (DYNASTRATA_{name.upper()}_DESTINATION): "
        "behind sqs: comes the http:// or https:// URL of a queue"
    )


def test_messages_go_to_the_log_unless_told_otherwise() -> None:
    log = Destination("log")
    assert make_destinations(Settings(), SAMPLES) == Destinations({"people": log, "parcels": log})


def test_every_message_that_an_event_makes_has_a_destination() -> None:
    used = {each.destination for each in (*PERSON_INTEGRATION_EVENTS, *PARCEL_INTEGRATION_EVENTS)}
    assert used <= set(make_destinations(Settings(), SAMPLES).by_name)


def test_every_context_has_its_own_destination() -> None:
    settings = Settings(destinations={"people": QUEUE, "parcels": BUS})
    assert make_destinations(settings, SAMPLES).by_name == {
        "people": Destination.parse(QUEUE),
        "parcels": Destination.parse(BUS),
    }


@pytest.mark.parametrize(
    ("address", "keeps_order"),
    [
        (QUEUE, False),
        (QUEUE + "-fifo", False),
        (QUEUE + ".fifo", True),
        (TOPIC, False),
        (TOPIC + ".fifo", True),
    ],
)
def test_what_ends_with_fifo_keeps_order(address: str, keeps_order: bool) -> None:
    written = format_of(Destination.parse(address))
    assert written is not None
    assert written.keeps_order == keeps_order


def test_event_buses_keep_no_order_whatever_their_name() -> None:
    written = format_of(Destination.parse("eventbridge:people.fifo"))
    assert written is not None
    assert not written.keeps_order


def test_an_unknown_destination_is_refused_and_the_known_ones_are_named() -> None:
    known = Destinations({"people": Destination("log"), "parcels": Destination("log")})
    with pytest.raises(InvalidValue) as refused:
        known.check(message(destination="invoices"))
    assert str(refused.value) == "destination: 'invoices' is not among parcels, people"


@pytest.mark.parametrize("kind", ["log", "memory"])
@pytest.mark.parametrize("payload", [b"", b"\xff\x00", b"x" * 2_000_000])
def test_log_and_memory_take_everything(kind: str, payload: bytes) -> None:
    Destinations({"people": Destination(kind)}).check(
        message(payload=payload, message_type="", ordering_key="a b")
    )


@pytest.mark.parametrize("address", [QUEUE, QUEUE + ".fifo", TOPIC, TOPIC + ".fifo", BUS])
def test_every_service_takes_an_ordinary_message(address: str) -> None:
    destinations = Destinations({"people": Destination.parse(address)})
    destinations.check(message())
    destinations.check(bare_message())


@pytest.mark.parametrize("address", [QUEUE, TOPIC, BUS])
def test_a_message_is_checked_by_the_rules_of_its_destination(address: str) -> None:
    destinations = Destinations(
        {"parcels": Destination("log"), "people": Destination.parse(address)}
    )
    destinations.check(message(destination="parcels", payload=b"\xff"))
    with pytest.raises(InvalidValue) as refused:
        destinations.check(message(payload=b"\xff"))
    assert refused.value.field == "payload"
