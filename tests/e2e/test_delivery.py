"""From a request over HTTP to a consumer that handles each message once, on MiniStack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define, evolve

from api.container import Container, build_container
from application.idempotent_receiver import Delivery, process_once
from application.ports.publisher import Accepted
from application.ports.unit_of_work import UnitOfWork
from domain.consistency import Anything, StreamId
from domain.orders.events import OrderPaid
from infrastructure.engines import LocalEngine
from infrastructure.settings.checks import variable
from infrastructure.system.notifiers import MemoryNotifier
from tests.commands import run, variables
from tests.e2e.clients import ADA, CHEAP, Api, moving
from tests.messaging import Cloud, Mailbox, attributes
from tests.relaying.conftest import new_prefix, on_engine

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("_cheap_hashing")]

CHANGED = "ada.king@example.com"
MOVED = ["UserRegistered", "EmailChanged", "EmailVerified"]


@define
class World:
    """The service, and the queues that its messages go to."""

    container: Container
    users: Mailbox
    orders: Mailbox

    def relay_once(self) -> dict[str, Any]:
        """Runs the command; its totals."""
        settings = self.container.settings()
        destinations = {
            variable(f"{name}_destination"): address
            for name, address in settings.destinations.items()
        }
        env = {**variables(settings), **destinations}
        result = run("outbox", "relay", "--once", "--json", env=env)
        assert result.exit_code == 0, result.output
        totals: dict[str, Any] = json.loads(result.stdout)
        return totals


@pytest.fixture
def world(ministack: LocalEngine) -> World:
    cloud = Cloud(ministack)
    users, orders = cloud.queue(fifo=True), cloud.queue(fifo=True)
    settings = evolve(
        on_engine(ministack.endpoint_url, new_prefix()),
        destinations={"users": f"sqs:{users.url}", "orders": f"sqs:{orders.url}"},
    )
    container = build_container(settings)
    container.password_hasher.override(CHEAP)
    container.notifier.override(MemoryNotifier())
    container.table_initializer().create_missing()
    return World(container, users, orders)


@pytest.fixture
def api(world: World) -> Iterator[Api]:
    with Api(world.container) as api:
        yield api


def live(api: Api) -> tuple[str, str]:
    """Someone registers, changes their address, places an order and pays it; both ids."""
    user = api.register(ADA)
    headers = api.bearer(ADA)
    place = f"/users/{user['id']}"
    answer = api.put(f"{place}/email", json=moving(CHANGED), headers=headers)
    assert answer.status_code == 202, answer.text
    api.prove(CHANGED)
    headers = api.bearer(CHANGED)
    order = api.place(headers, "algebra")
    answer = api.post(f"/orders/{order['id']}/payment", headers={**headers, "If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    return user["id"], order["id"]


def types(received: list[dict[str, Any]]) -> list[str]:
    return [attributes(each)["messageType"] for each in received]


def test_what_users_do_arrives_in_order_under_ids_by_which_repeats_are_told(
    world: World, api: Api
) -> None:
    user_id, order_id = live(api)

    assert world.relay_once() == {
        "published": 5,
        "failed": 0,
        "dead_lettered": 0,
        "repeated": 0,
        "unavailable": {},
    }

    users, orders = world.users.receive(3), world.orders.receive(2)
    assert types(users) == MOVED
    assert types(orders) == ["OrderPlaced", "OrderPaid"]
    assert {each["Attributes"]["MessageGroupId"] for each in users} == {user_id}
    assert {each["Attributes"]["MessageGroupId"] for each in orders} == {order_id}
    for each in users + orders:
        assert each["Attributes"]["MessageDeduplicationId"] == attributes(each)["messageId"]
    assert json.loads(users[1]["Body"])["email"] == CHANGED
    assert json.loads(orders[1]["Body"])["amount_cents"] == 9_800


def test_published_once_there_is_nothing_left_to_publish(world: World, api: Api) -> None:
    live(api)
    world.relay_once()

    assert world.relay_once()["published"] == 0
    assert len(world.users.receive(3) + world.orders.receive(2)) == 5
    assert world.users.receive_until_empty() == world.orders.receive_until_empty() == []


def test_a_message_that_a_dead_relay_repeats_is_dropped_by_the_queue(
    world: World, api: Api
) -> None:
    user_id, _ = live(api)
    outbox, publishers = world.container.outbox(), world.container.publishers()
    (first, *_) = outbox.get_pending(user_id, 10).value
    assert publishers["users"].publish([first.message]) == [Accepted()]  # and then it died

    assert world.relay_once()["published"] == 5
    assert types(world.users.receive(3)) == MOVED
    assert world.users.receive_until_empty() == []


def test_a_message_that_is_delivered_twice_is_handled_once(world: World, api: Api) -> None:
    _, order_id = live(api)
    world.relay_once()
    bookkeeping = Consumer(world.container)

    first = peek(world.orders)
    assert [bookkeeping.handle(each) for each in first] == [True] * len(first)
    again = world.orders.receive(2)

    # Whatever was handled before its acknowledgement was lost comes again.
    assert types(again) == ["OrderPlaced", "OrderPaid"]
    handled = [bookkeeping.handle(each) for each in again]
    assert handled == [False] * len(first) + [True] * (2 - len(first))
    assert not any(bookkeeping.handle(each) for each in again)
    assert bookkeeping.booked(order_id) == [9_800]


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

        def book(unit: UnitOfWork) -> None:
            if about["messageType"] == "OrderPaid":
                stream = StreamId("Booked", about["orderingKey"])
                paid = OrderPaid(
                    order_id=body["order_id"], amount_cents=body["amount_cents"], occurred_at=now
                )
                unit.streams.append(stream, [paid], Anything())

        delivery = Delivery(consumer="bookkeeping", message_id=about["messageId"], at=now)
        return process_once(self.container.unit_of_work, delivery, book)

    def booked(self, order_id: str) -> list[int]:
        """The amounts that were booked for an order."""
        found = self.container.event_store().read(StreamId("Booked", order_id)).events
        return [e.event.amount_cents for e in found if isinstance(e.event, OrderPaid)]
