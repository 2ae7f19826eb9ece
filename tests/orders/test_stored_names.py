"""Names of orders that are stored or sent, as the world out there has them."""

from __future__ import annotations

import orjson

from application.orders.integration_events import ORDER_INTEGRATION_EVENTS
from domain.consistency import StreamId
from domain.orders.values import OrderStatus
from infrastructure.contexts.orders import ORDER, ORDERS
from infrastructure.contexts.registered import REGISTERED
from infrastructure.events.streams import raw_of
from tests.orders.samples import line, new_order
from tests.outboxes import pending
from tests.stores import Store, memory_store
from tests.times import NOW

DAY = "2046-11-20T12:00:00+00:00"
LINE = {"sku": "algebra", "title": "A course", "quantity": 1, "unit_price_cents": 4900}


def test_history_of_an_order_is_a_stream_of_this_type() -> None:
    assert (ORDER.name, ORDER.table) == ("Order", "events")


def test_events_are_stored_under_these_names() -> None:
    assert {(each.name, each.cls.__name__) for each in ORDERS.event_types} == {
        (name, name)
        for name in ("OrderPlaced", "LineAdded", "LineRemoved", "OrderPaid", "OrderCancelled")
    }


def test_stored_statuses_are_these() -> None:
    assert {status.value for status in OrderStatus} == {"open", "paid", "cancelled"}


def test_events_leave_as_messages_of_these_types_for_these_destinations() -> None:
    assert {(t.event.__name__, t.name, t.destination) for t in ORDER_INTEGRATION_EVENTS} == {
        (name, name, "orders") for name in ("OrderPlaced", "OrderPaid", "OrderCancelled")
    }


def _paid_and_cancelled() -> Store:
    """A store with an order that was paid, and one that was called off."""
    store = memory_store(REGISTERED)
    paid, cancelled = new_order("algebra"), new_order("algebra", id="order-2")
    paid.add_line(line("weaving"), NOW)
    paid.remove_line("algebra", NOW)
    paid.pay(NOW)
    cancelled.cancel("too late", NOW)
    with store.unit_of_work() as unit:
        unit.orders.add(paid)
        unit.orders.add(cancelled)
        unit.commit()
    return store


def test_events_are_stored_with_these_contents() -> None:
    store = _paid_and_cancelled()
    read = [store.provider.events().read(StreamId("Order", f"order-{n}")).events for n in (1, 2)]
    found = [(each.type, orjson.loads(raw_of(each).data)) for events in read for each in events]

    placed = {"occurred_at": DAY, "customer_id": "ada", "lines": [LINE]}
    assert found == [
        ("OrderPlaced", {**placed, "order_id": "order-1"}),
        (
            "LineAdded",
            {"occurred_at": DAY, "order_id": "order-1", "line": {**LINE, "sku": "weaving"}},
        ),
        ("LineRemoved", {"occurred_at": DAY, "order_id": "order-1", "sku": "algebra"}),
        ("OrderPaid", {"occurred_at": DAY, "order_id": "order-1", "amount_cents": 4900}),
        ("OrderPlaced", {**placed, "order_id": "order-2"}),
        ("OrderCancelled", {"occurred_at": DAY, "order_id": "order-2", "reason": "too late"}),
    ]


def test_order_that_is_placed_is_told_with_its_lines() -> None:
    placed, _ = pending(_paid_and_cancelled(), "order-1")

    assert (placed.message_type, placed.destination) == ("OrderPlaced", "orders")
    assert (placed.aggregate_id, placed.aggregate_type) == ("order-1", "Order")
    assert orjson.loads(placed.payload)["lines"] == [LINE]
