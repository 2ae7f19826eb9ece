"""Every rule about an order, the event that each behaviour records, and what events amount to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from attrs.exceptions import FrozenAttributeError
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue, RuleViolation
from domain.events import DomainEvent
from domain.orders import events
from domain.orders.errors import LineExists, LineNotFound, OrderIsClosed, OrderNeedsLines
from domain.orders.order import Order
from domain.orders.values import (
    MAX_LINES,
    MAX_OF_A_LINE,
    MAX_PRICE_CENTS,
    OrderLine,
    OrderStatus,
)
from infrastructure.contexts.orders import ORDER, ORDERS
from tests.orders.samples import line, new_order
from tests.times import NOW

LATER = NOW + timedelta(hours=1)

CHANGES: dict[str, Callable[[Order], None]] = {
    "add a line": lambda order: order.add_line(line("numbers"), LATER),
    "remove a line": lambda order: order.remove_line("weaving", LATER),
    "pay": lambda order: order.pay(LATER),
    "cancel": lambda order: order.cancel("changed my mind", LATER),
}


def stored_order(*skus: str) -> Order:
    """An order without recorded events."""
    order = new_order(*skus)
    order.committed(1, order.recorded_events[:1])
    return order


def paid() -> Order:
    order = stored_order()
    order.pay(NOW)
    order.committed(2, order.recorded_events[:1])
    return order


def cancelled() -> Order:
    order = stored_order()
    order.cancel("changed my mind", NOW)
    order.committed(2, order.recorded_events[:1])
    return order


def many(count: int) -> tuple[str, ...]:
    return tuple(f"course-{number}" for number in range(count))


def skus(order: Order) -> list[str]:
    return [each.sku for each in order.lines]


def state(order: Order) -> dict[str, Any]:
    return {name: value for name, value in ORDER.to_state(order).items() if name != "version"}


def test_a_placed_order_is_open_and_at_version_zero() -> None:
    lines = (line("algebra", quantity=2), line("weaving", cents=1_500))

    order = Order.place(id="order-1", customer_id="ada", lines=lines, now=NOW)

    assert (order.id, order.version, order.customer_id) == ("order-1", 0, "ada")
    assert (order.lines, order.status, order.total_cents) == (lines, OrderStatus.OPEN, 11_300)
    assert order.recorded_events == (
        events.OrderPlaced(order_id="order-1", customer_id="ada", lines=lines, occurred_at=NOW),
    )


@pytest.mark.parametrize("count", [1, MAX_LINES])
def test_an_order_has_from_one_to_a_hundred_lines(count: int) -> None:
    assert len(new_order(*many(count)).lines) == count


@pytest.mark.parametrize("count", [0, MAX_LINES + 1])
def test_an_order_of_no_or_too_many_lines_is_refused(count: int) -> None:
    lines = tuple(map(line, many(count)))

    with pytest.raises(OrderNeedsLines):
        Order.place(id="order-1", customer_id="ada", lines=lines, now=NOW)


def test_an_article_stands_in_an_order_once() -> None:
    with pytest.raises(LineExists) as refused:
        new_order("algebra", "weaving", "algebra")
    assert refused.value.sku == "algebra"


def test_a_line_is_added_at_the_end() -> None:
    order = stored_order()

    order.add_line(line("numbers"), LATER)

    assert skus(order) == ["algebra", "weaving", "numbers"]
    assert order.recorded_events == (
        events.LineAdded(order_id="order-1", line=line("numbers"), occurred_at=LATER),
    )


def test_a_line_of_the_same_article_is_refused() -> None:
    with pytest.raises(LineExists):
        stored_order().add_line(line("weaving", quantity=7), LATER)


def test_a_full_order_takes_no_further_line() -> None:
    order = stored_order(*many(MAX_LINES - 1))

    order.add_line(line("last"), LATER)

    with pytest.raises(OrderNeedsLines):
        order.add_line(line("one-too-many"), LATER)


def test_a_line_is_removed() -> None:
    order = stored_order()

    order.remove_line("algebra", LATER)

    assert skus(order) == ["weaving"]
    assert order.recorded_events == (
        events.LineRemoved(order_id="order-1", sku="algebra", occurred_at=LATER),
    )


def test_a_removed_line_can_be_added_again() -> None:
    order = stored_order()

    order.remove_line("algebra", LATER)
    order.add_line(line("algebra"), LATER)

    assert skus(order) == ["weaving", "algebra"]


def test_a_line_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(LineNotFound) as refused:
        stored_order().remove_line("numbers", LATER)
    assert refused.value.sku == "numbers"


def test_the_last_line_stays() -> None:
    with pytest.raises(OrderNeedsLines):
        stored_order("algebra").remove_line("algebra", LATER)


def test_an_order_is_paid_in_full() -> None:
    order = stored_order()

    order.pay(LATER)

    assert order.status is OrderStatus.PAID
    assert order.recorded_events == (
        events.OrderPaid(order_id="order-1", amount_cents=9_800, occurred_at=LATER),
    )


def test_an_order_is_called_off_for_a_reason() -> None:
    order = stored_order()

    order.cancel("  changed my mind ", LATER)

    assert order.status is OrderStatus.CANCELLED
    assert order.recorded_events == (
        events.OrderCancelled(order_id="order-1", reason="changed my mind", occurred_at=LATER),
    )


@pytest.mark.parametrize("reason", ["", "  ", "a" * 201, "a\x00b", "a\nb"])
def test_a_reason_is_a_line_of_text(reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        stored_order().cancel(reason, LATER)
    assert refused.value.field == "reason"


def test_an_order_that_was_called_off_is_so_once() -> None:
    order = cancelled()

    order.cancel("another reason", LATER)

    assert order.recorded_events == ()


@pytest.mark.parametrize("change", CHANGES)
def test_a_paid_order_does_not_change(change: str) -> None:
    order = paid()
    before = state(order)

    with pytest.raises(OrderIsClosed) as refused:
        CHANGES[change](order)

    assert (refused.value.order_id, refused.value.status) == ("order-1", "paid")
    assert (state(order), order.recorded_events) == (before, ())


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "cancel"])
def test_an_order_that_was_called_off_does_not_change(change: str) -> None:
    order = cancelled()

    with pytest.raises(OrderIsClosed) as refused:
        CHANGES[change](order)

    assert refused.value.status == "cancelled"
    assert order.recorded_events == ()


def test_the_attributes_of_an_order_are_locked() -> None:
    with pytest.raises(FrozenAttributeError):
        new_order().status = OrderStatus.PAID


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": MAX_OF_A_LINE + 1}, "quantity"),
        ({"unit_price_cents": -1}, "unit_price_cents"),
        ({"unit_price_cents": MAX_PRICE_CENTS + 1}, "unit_price_cents"),
        ({"sku": ""}, "sku"),
        ({"sku": " algebra"}, "sku"),
        ({"sku": "algebra\n"}, "sku"),
        ({"sku": "a/b"}, "sku"),
        ({"sku": ".."}, "sku"),
        ({"sku": "é"}, "sku"),
        ({"sku": "a" * 65}, "sku"),
        ({"title": " "}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
    ],
)
def test_a_line_that_cannot_be_is_named(changes: dict[str, Any], field: str) -> None:
    sound = {"sku": "algebra", "title": "A course", "quantity": 1, "unit_price_cents": 1}

    with pytest.raises(InvalidValue) as refused:
        OrderLine.of(**{**sound, **changes})

    assert refused.value.field == field


@pytest.mark.parametrize("sku", ["a", "7", "A.b_c-9", "a" * 64])
@pytest.mark.parametrize(("quantity", "cents"), [(1, 0), (MAX_OF_A_LINE, MAX_PRICE_CENTS), (3, 1)])
def test_a_line_costs_so_many_times_its_price(sku: str, quantity: int, cents: int) -> None:
    assert line(sku, quantity=quantity, cents=cents).total_cents == quantity * cents


def test_every_event_that_can_happen_has_a_stored_name() -> None:
    paid_for, called_off = new_order(), new_order()
    for change in ("add a line", "remove a line", "pay"):
        CHANGES[change](paid_for)
    CHANGES["cancel"](called_off)
    happened = (*paid_for.recorded_events, *called_off.recorded_events)

    assert {type(event) for event in happened} == {each.cls for each in ORDERS.event_types}


def test_what_an_order_does_not_know_is_passed_over() -> None:
    @frozen(kw_only=True)
    class SomethingElse(DomainEvent):
        pass

    order = stored_order()
    before = state(order)

    order.replay([SomethingElse(occurred_at=NOW)])

    assert (state(order), order.version) == (before, 2)


def test_replaying_asks_no_rules() -> None:
    """What happened under yesterday's rules happened."""
    order = Order(id="order-1")

    order.replay(
        [
            events.OrderPlaced(order_id="order-1", customer_id="ada", lines=(), occurred_at=NOW),
            events.OrderPaid(order_id="order-1", amount_cents=0, occurred_at=NOW),
            events.LineAdded(order_id="order-1", line=line(), occurred_at=NOW),
        ]
    )

    assert (order.status, skus(order), order.version) == (OrderStatus.PAID, ["algebra"], 3)
    assert order.recorded_events == ()


def replayed(history: tuple[DomainEvent, ...]) -> Order:
    order = Order(id="order-1")
    order.replay(history)
    return order


SKUS = st.sampled_from(["a", "b", "c", "d"])
LINES = st.builds(line, SKUS, quantity=st.integers(1, 5), cents=st.integers(0, 900))
COMMANDS = st.one_of(
    LINES.map(lambda added: lambda order: order.add_line(added, LATER)),
    SKUS.map(lambda sku: lambda order: order.remove_line(sku, LATER)),
    # Rare, since they end the story.
    st.integers(0, 9).map(lambda n: lambda order: order.pay(LATER) if n == 0 else None),
    st.integers(0, 9).map(lambda n: lambda order: order.cancel("why", LATER) if n == 0 else None),
)


@given(st.lists(SKUS, min_size=1, unique=True), st.lists(COMMANDS, max_size=30))
def test_an_order_is_what_its_events_say(
    placed: list[str], commands: list[Callable[[Order], None]]
) -> None:
    """Whatever was accepted, and whatever was refused in between."""
    order = new_order(*placed)
    for command in commands:
        before, recorded = state(order), order.recorded_events
        try:
            command(order)
        except RuleViolation:
            assert (state(order), order.recorded_events) == (before, recorded)

    again = replayed(order.recorded_events)

    assert state(again) == state(order)
    assert again.version == len(order.recorded_events)
    assert 1 <= len(order.lines) == len(set(skus(order)))


@given(st.lists(SKUS, min_size=1, unique=True), st.lists(COMMANDS, max_size=30), st.data())
def test_an_order_goes_on_from_any_of_its_states(
    placed: list[str], commands: list[Callable[[Order], None]], data: st.DataObject
) -> None:
    """So a snapshot and the events after it give what all events give."""
    order = new_order(*placed)
    for command in commands:
        try:
            command(order)
        except RuleViolation:
            continue
    history = order.recorded_events
    taken_at = data.draw(st.integers(0, len(history)))

    snapshot = ORDER.from_state(ORDER.to_state(replayed(history[:taken_at])))
    snapshot.replay(history[taken_at:])

    assert (state(snapshot), snapshot.version) == (state(order), len(history))
