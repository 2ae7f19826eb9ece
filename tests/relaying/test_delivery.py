"""From a commit to a consumer that handles each message once, on MiniStack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import define, evolve

from api.container import Container, build_container
from application.idempotent_receiver import Delivery, process_once
from application.ports.publisher import Accepted
from application.relay import RelayReport
from domain.consistency import Anything, StreamId
from infrastructure.engines import LocalEngine
from tests.messaging import Cloud, Mailbox, attributes
from tests.relaying.conftest import new_prefix, on_engine
from tests.samples.contexts import SAMPLES, Unit
from tests.samples.parcels import ParcelPaid, new_parcel
from tests.samples.people import Email, new_person
from tests.times import NOW

pytestmark = pytest.mark.engine

CHANGED = "ada.king@example.com"


@define
class World:
    """A service with the contexts of the tests, and the queues that its messages go to."""

    container: Container
    people: Mailbox
    parcels: Mailbox

    def relay_once(self) -> RelayReport:
        """Publishes what is pending, and tells what came of it."""
        return self.container.polling_relay().run_once()

    def live(self) -> tuple[str, str]:
        """Someone registers, changes their address, places a parcel and pays it; both ids."""
        with self.container.unit_of_work() as unit:
            person, parcel = new_person(), new_parcel("algebra")
            unit.people.add(person)
            unit.commit()
            person.change_email(Email(CHANGED), NOW)
            unit.people.save(person)
            unit.commit()
            unit.parcels.add(parcel)
            unit.commit()
            parcel.pay(NOW)
            unit.parcels.save(parcel)
            unit.commit()
        return person.id, parcel.id


@pytest.fixture
def world(ministack: LocalEngine) -> World:
    cloud = Cloud(ministack)
    people, parcels = cloud.queue(fifo=True), cloud.queue(fifo=True)
    settings = evolve(
        on_engine(ministack.endpoint_url, new_prefix()),
        destinations={"people": f"sqs:{people.url}", "parcels": f"sqs:{parcels.url}"},
    )
    container = build_container(settings)
    container.contexts.override(SAMPLES)
    container.table_initializer().create_missing()
    return World(container, people, parcels)


def types(received: list[dict[str, Any]]) -> list[str]:
    return [attributes(each)["messageType"] for each in received]


def test_what_people_do_arrives_in_order_under_ids_by_which_repeats_are_told(world: World) -> None:
    person_id, parcel_id = world.live()

    report = world.relay_once()

    assert (report.published, report.failed, report.lost) == (4, [], {})

    people, parcels = world.people.receive(2), world.parcels.receive(2)
    assert types(people) == ["PersonRegistered", "EmailChanged"]
    assert types(parcels) == ["ParcelPlaced", "ParcelPaid"]
    assert {each["Attributes"]["MessageGroupId"] for each in people} == {person_id}
    assert {each["Attributes"]["MessageGroupId"] for each in parcels} == {parcel_id}
    for each in people + parcels:
        assert each["Attributes"]["MessageDeduplicationId"] == attributes(each)["messageId"]
    assert json.loads(people[1]["Body"])["email"] == CHANGED
    assert json.loads(parcels[1]["Body"])["amount_cents"] == 4_900


def test_published_once_there_is_nothing_left_to_publish(world: World) -> None:
    world.live()
    world.relay_once()

    assert world.relay_once().published == 0
    assert len(world.people.receive(2) + world.parcels.receive(2)) == 4
    assert world.people.receive_until_empty() == world.parcels.receive_until_empty() == []


def test_a_message_that_a_dead_relay_repeats_is_dropped_by_the_queue(world: World) -> None:
    person_id, _ = world.live()
    outbox, publishers = world.container.outbox(), world.container.publishers()
    (first, *_) = outbox.get_pending(person_id, 10).value
    assert publishers["people"].publish([first.message]) == [Accepted()]  # and then it died

    assert world.relay_once().published == 4
    assert types(world.people.receive(2)) == ["PersonRegistered", "EmailChanged"]
    assert world.people.receive_until_empty() == []


def test_a_message_that_is_delivered_twice_is_handled_once(world: World) -> None:
    _, parcel_id = world.live()
    world.relay_once()
    bookkeeping = Consumer(world.container)

    first = peek(world.parcels)
    assert [bookkeeping.handle(each) for each in first] == [True] * len(first)
    again = world.parcels.receive(2)

    # Whatever was handled before its acknowledgement was lost comes again.
    assert types(again) == ["ParcelPlaced", "ParcelPaid"]
    handled = [bookkeeping.handle(each) for each in again]
    assert handled == [False] * len(first) + [True] * (2 - len(first))
    assert not any(bookkeeping.handle(each) for each in again)
    assert bookkeeping.booked(parcel_id) == [4_900]


def peek(mailbox: Mailbox) -> list[dict[str, Any]]:
    """Messages that are delivered and not acknowledged: all of them come again."""
    answer = mailbox.client.receive_message(
        QueueUrl=mailbox.url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        WaitTimeSeconds=5,
        MessageAttributeNames=["All"],
    )
    found: list[dict[str, Any]] = answer["Messages"]
    return found


@define
class Consumer:
    """Books what was paid, each payment once. It has the service's unit of work for a store."""

    container: Container

    def handle(self, received: dict[str, Any]) -> bool:
        """Handles one delivery; whether it was the first one that came through."""
        body, about = json.loads(received["Body"]), attributes(received)
        now = self.container.clock().now()

        def book(unit: Unit) -> None:
            if about["messageType"] == "ParcelPaid":
                stream = StreamId("Booked", about["orderingKey"])
                paid = ParcelPaid(
                    parcel_id=body["parcel_id"], amount_cents=body["amount_cents"], occurred_at=now
                )
                unit.streams.append(stream, [paid], Anything())

        delivery = Delivery(consumer="bookkeeping", message_id=about["messageId"], at=now)
        return process_once(self.container.unit_of_work, delivery, book)

    def booked(self, parcel_id: str) -> list[int]:
        """The amounts that were booked for a parcel."""
        found = self.container.event_store().read(StreamId("Booked", parcel_id)).events
        return [e.event.amount_cents for e in found if isinstance(e.event, ParcelPaid)]
