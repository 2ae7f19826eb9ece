"""Where messages may go: addresses, and which messages they take."""

from __future__ import annotations

import pytest

from api.composition.messaging import make_destinations
from application.orders.integration_events import ORDER_INTEGRATION_EVENTS
from application.users.integration_events import USER_INTEGRATION_EVENTS
from domain.errors import InvalidValue
from infrastructure.contexts.registered import REGISTERED
from infrastructure.messaging.destinations import Destinations, format_of
from infrastructure.settings.destination import Destination
from infrastructure.settings.settings import Settings, SettingsError
from tests.messaging import bare_message, message

QUEUE = "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/users"
TOPIC = "sns:arn:aws:sns:eu-central-1:123456789012:users"
BUS = "eventbridge:arn:aws:events:eu-central-1:123456789012:event-bus/users"


@pytest.mark.parametrize(
    "address",
    [
        "log:",
        "memory:",
        QUEUE,
        QUEUE + ".fifo",
        "sqs:http://127.0.0.1:4566/000000000000/users",
        "sqs:https://queue.amazonaws.com/users",
        TOPIC,
        TOPIC + ".fifo",
        "sns:arn:aws-cn:sns:cn-north-1:123456789012:users",
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
        ("kafka:users", "must be log:, memory:"),
        ("log:here", "nothing follows log:"),
        ("memory:here", "nothing follows memory:"),
        ("sqs:", "behind sqs: comes the http:// or https:// URL of a queue"),
        ("sqs:users", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/users?x=1", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/users ", "behind sqs:"),
        ("sqs:https://sqs.eu-central-1.amazonaws.com/1/users\n", "behind sqs:"),
        ("sqs:ftp://sqs.eu-central-1.amazonaws.com/1/users", "behind sqs:"),
        ("sns:users", "behind sns: comes the ARN of a topic"),
        ("sns:arn:aws:sqs:eu-central-1:123456789012:users", "behind sns:"),
        ("sns:arn:aws:sns:eu-central-1:12345:users", "behind sns:"),
        ("eventbridge:", "behind eventbridge: comes the name or the ARN of an event bus"),
        ("eventbridge:a bus", "behind eventbridge:"),
        ("eventbridge:arn:aws:events:eu-central-1:123456789012:rule/users", "behind eventbridge:"),
    ],
)
def test_a_malformed_address_is_refused_with_what_is_wrong(address: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Destination.parse(address)
    assert refused.value.field == "destination"
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize("name", ["users", "orders"])
def test_the_setting_with_a_malformed_address_is_named_and_not_quoted(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(destinations={name: "sqs:a-secret"})
    assert str(refused.value) == (
        f"{name}_destination (DYNASTRATA_{name.upper()}_DESTINATION): "
        "behind sqs: comes the http:// or https:// URL of a queue"
    )


def test_messages_go_to_the_log_unless_told_otherwise() -> None:
    log = Destination("log")
    assert make_destinations(Settings(), REGISTERED) == Destinations({"users": log, "orders": log})


def test_every_message_that_an_event_makes_has_a_destination() -> None:
    used = {each.destination for each in (*USER_INTEGRATION_EVENTS, *ORDER_INTEGRATION_EVENTS)}
    assert used <= set(make_destinations(Settings(), REGISTERED).by_name)


def test_every_context_has_its_own_destination() -> None:
    settings = Settings(destinations={"users": QUEUE, "orders": BUS})
    assert make_destinations(settings, REGISTERED).by_name == {
        "users": Destination.parse(QUEUE),
        "orders": Destination.parse(BUS),
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
    written = format_of(Destination.parse("eventbridge:users.fifo"))
    assert written is not None
    assert not written.keeps_order


def test_an_unknown_destination_is_refused_and_the_known_ones_are_named() -> None:
    known = Destinations({"users": Destination("log"), "orders": Destination("log")})
    with pytest.raises(InvalidValue) as refused:
        known.check(message(destination="invoices"))
    assert str(refused.value) == "destination: 'invoices' is not among orders, users"


@pytest.mark.parametrize("kind", ["log", "memory"])
@pytest.mark.parametrize("payload", [b"", b"\xff\x00", b"x" * 2_000_000])
def test_log_and_memory_take_everything(kind: str, payload: bytes) -> None:
    Destinations({"users": Destination(kind)}).check(
        message(payload=payload, message_type="", ordering_key="a b")
    )


@pytest.mark.parametrize("address", [QUEUE, QUEUE + ".fifo", TOPIC, TOPIC + ".fifo", BUS])
def test_every_service_takes_an_ordinary_message(address: str) -> None:
    destinations = Destinations({"users": Destination.parse(address)})
    destinations.check(message())
    destinations.check(bare_message())


@pytest.mark.parametrize("address", [QUEUE, TOPIC, BUS])
def test_a_message_is_checked_by_the_rules_of_its_destination(address: str) -> None:
    destinations = Destinations({"orders": Destination("log"), "users": Destination.parse(address)})
    destinations.check(message(destination="orders", payload=b"\xff"))
    with pytest.raises(InvalidValue) as refused:
        destinations.check(message(payload=b"\xff"))
    assert refused.value.field == "payload"
