"""What every publisher promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import frozen
from structlog.testing import capture_logs

from application.ports.publisher import Accepted, NotSent, Publisher, Unavailable
from infrastructure.messaging.local import LogPublisher, MemoryPublisher
from infrastructure.settings.settings import Settings
from tests.messaging import Cloud, attributes, message, publish_all, publishers_of
from tests.stores import REGION

SERVICES = ["queue", "topic", "bus"]
FIFO_SERVICES = ["fifo queue", "fifo topic"]
ON_ENGINE = [pytest.param(n, marks=pytest.mark.engine) for n in (*SERVICES, *FIFO_SERVICES)]
KEEP_ORDER = ["memory", "log", *(pytest.param(n, marks=pytest.mark.engine) for n in FIFO_SERVICES)]


@frozen
class Outlet:
    """A publisher to a place of its own. `arrived` waits for so many ids of messages there."""

    publisher: Publisher
    arrived: Callable[[int], list[str]]


def memory(_: pytest.FixtureRequest) -> Iterator[Outlet]:
    publisher = MemoryPublisher()
    yield Outlet(publisher, lambda _: [str(m.message_id) for m in publisher.published])


def log(_: pytest.FixtureRequest) -> Iterator[Outlet]:
    with capture_logs() as lines:
        yield Outlet(LogPublisher(), lambda _: [line["message_id"] for line in lines])


def queue(request: pytest.FixtureRequest, *, fifo: bool = False) -> Iterator[Outlet]:
    cloud = Cloud(request.getfixturevalue("ministack"))
    mailbox = cloud.queue(fifo=fifo)
    yield Outlet(
        cloud.publisher(f"sqs:{mailbox.url}"),
        lambda count: [attributes(each)["messageId"] for each in mailbox.receive(count)],
    )


def topic(request: pytest.FixtureRequest, *, fifo: bool = False) -> Iterator[Outlet]:
    cloud = Cloud(request.getfixturevalue("ministack"))
    mailbox = cloud.queue(fifo=fifo)
    yield Outlet(
        cloud.publisher(f"sns:{cloud.topic(mailbox, fifo=fifo)}"),
        lambda count: [attributes(each)["messageId"] for each in mailbox.receive(count)],
    )


def bus(request: pytest.FixtureRequest) -> Iterator[Outlet]:
    def id_of(received: dict[str, Any]) -> str:
        return str(json.loads(received["Body"])["detail"]["metadata"]["messageId"])

    cloud = Cloud(request.getfixturevalue("ministack"))
    mailbox = cloud.queue()
    name = cloud.bus(mailbox, {"source": ["dynastrata.people"]})
    yield Outlet(
        cloud.publisher(f"eventbridge:{name}"),
        lambda count: [id_of(each) for each in mailbox.receive(count)],
    )


OUTLETS: dict[str, Callable[[pytest.FixtureRequest], Iterator[Outlet]]] = {
    "memory": memory,
    "log": log,
    "queue": queue,
    "topic": topic,
    "bus": bus,
    "fifo queue": lambda request: queue(request, fifo=True),
    "fifo topic": lambda request: topic(request, fifo=True),
}


@pytest.fixture(params=["memory", "log", *ON_ENGINE])
def outlet(request: pytest.FixtureRequest) -> Iterator[Outlet]:
    """Every kind of destination in turn, new and empty."""
    yield from OUTLETS[request.param](request)


@pytest.fixture(params=KEEP_ORDER)
def ordered_outlet(request: pytest.FixtureRequest) -> Iterator[Outlet]:
    """Every kind that keeps the messages of an ordering key in order."""
    yield from OUTLETS[request.param](request)


def ids(*numbers: int) -> list[str | None]:
    return [message(n).message_id for n in numbers]


def test_every_message_that_is_accepted_arrives(outlet: Outlet) -> None:
    given = [message(n, f"key-{n}") for n in range(3)]
    assert list(outlet.publisher.publish(given)) == [Accepted()] * 3
    assert sorted(outlet.arrived(3)) == ids(0, 1, 2)


def test_one_call_takes_as_many_messages_as_the_publisher_says(outlet: Outlet) -> None:
    most = outlet.publisher.max_messages
    given = [message(n, f"key-{n}") for n in range(most)]
    assert list(outlet.publisher.publish(given)) == [Accepted()] * most
    assert sorted(outlet.arrived(most)) == ids(*range(most))


def test_the_first_message_is_always_tried(outlet: Outlet) -> None:
    given = [message(n, "ada") for n in range(2)]
    first, second = outlet.publisher.publish(given)
    assert first == Accepted()
    assert second in {Accepted(), NotSent()}


def test_what_was_not_sent_is_accepted_by_later_calls(outlet: Outlet) -> None:
    given = [message(n, ["ada", "grace", "mary"][n % 3]) for n in range(25)]
    publish_all(outlet.publisher, given)
    assert sorted(outlet.arrived(25)) == ids(*range(25))


def test_no_message_is_no_outcome(outlet: Outlet) -> None:
    assert list(outlet.publisher.publish([])) == []


def test_publisher_is_available_until_it_meets_an_outage(outlet: Outlet) -> None:
    assert outlet.publisher.is_available
    outlet.publisher.publish([message()])
    assert outlet.publisher.is_available


NOWHERE = "127.0.0.1:9"  # the port of "discard", which nobody listens on


@pytest.mark.parametrize(
    "address",
    [
        f"sqs:http://{NOWHERE}/000000000000/people",
        f"sqs:http://{NOWHERE}/000000000000/people.fifo",
        "sns:arn:aws:sns:eu-central-1:000000000000:people",
        "sns:arn:aws:sns:eu-central-1:000000000000:people.fifo",
        "eventbridge:people",
    ],
)
def test_service_that_cannot_be_reached_is_unavailable_and_says_so_until_it_is_tried_again(
    address: str,
) -> None:
    settings = Settings(
        endpoint_url=f"http://{NOWHERE}",
        region=REGION,
        destinations={"people": address},
        breaker_failures=1,
        breaker_seconds=3600,
    )
    publisher = publishers_of(settings)["people"]
    given = [message(n, f"key-{n}") for n in range(2)]

    (reason,) = set(publisher.publish(given))

    assert reason == Unavailable("EndpointConnectionError")
    assert not publisher.is_available
    (left_alone,) = set(publisher.publish(given))
    assert isinstance(left_alone, Unavailable)
    assert left_alone != reason


def test_a_publisher_says_when_it_gives_up(outlet: Outlet) -> None:
    assert 0 < outlet.publisher.timeout < 60


def test_messages_of_a_key_arrive_in_order_where_the_destination_keeps_it(
    ordered_outlet: Outlet,
) -> None:
    given = [message(n, "ada") for n in range(12)]
    publish_all(ordered_outlet.publisher, given)
    assert ordered_outlet.arrived(12) == ids(*range(12))
