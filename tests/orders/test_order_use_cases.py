"""The use cases of orders, in memory: whose order, at which version, decided how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from attrs import define, frozen

from application.orders.change_lines import AddLine, RemoveLine
from application.orders.change_order import OrderToChange
from application.orders.close_order import CancelOrder, PayOrder
from application.orders.get_order import GetOrder, GetOrderHistory
from application.orders.place_order import PlaceOrder
from application.retry_on_conflict import MAX_ATTEMPTS
from domain.consistency import Loaded, StreamId
from domain.errors import ConcurrencyConflict
from domain.orders.errors import ArticleNotSold, OrderIsClosed, OrderNeedsLines, OrderNotFound
from domain.orders.events import OrderPaid
from domain.orders.order import Order
from domain.orders.price_list import Article, PriceList, RequestedLine
from domain.orders.values import OrderStatus
from infrastructure.contexts.registered import REGISTERED
from infrastructure.events.event_store import TableEventStore
from tests.orders.samples import PRICES
from tests.stores import Store, memory_store
from tests.times import NOW


@frozen
class FixedClock:
    """It is always `NOW`."""

    def now(self) -> datetime:
        return NOW


@define
class Interrupted:
    """A clock: while the time is asked for, between load and commit, somebody else acts."""

    acts: list[Callable[[], object]]

    def now(self) -> datetime:
        if self.acts:
            self.acts.pop(0)()
        return NOW


CLOCK = FixedClock()


@pytest.fixture
def shop() -> Store:
    return memory_store(REGISTERED)


def place(shop: Store, *skus: str, customer_id: str = "ada") -> Order:
    lines = list(map(RequestedLine, skus or ("a", "b")))
    placing = PlaceOrder(shop.unit_of_work, CLOCK, shop.ids, PRICES)
    return placing(customer_id=customer_id, lines=lines)


def add(shop: Store, order: Order, sku: str) -> Order:
    return AddLine(shop.unit_of_work, CLOCK, PRICES)(
        OrderToChange(order_id=order.id), RequestedLine(sku)
    )


def pay(shop: Store, order: Order) -> Order:
    return PayOrder(shop.unit_of_work, CLOCK)(OrderToChange(order_id=order.id))


def stored(shop: Store, order: Order) -> Order:
    return GetOrder(shop.unit_of_work)(order.id)


def history(shop: Store) -> GetOrderHistory:
    return GetOrderHistory(event_store(shop))


def event_store(shop: Store) -> TableEventStore:
    return TableEventStore(
        table=shop.provider.events(),
        registry=REGISTERED.event_types,
        unit_of_work=shop.unit_of_work,
    )


def skus(order: Order) -> list[str]:
    return [each.sku for each in order.lines]


def test_a_placed_order_is_found_again(shop: Store) -> None:
    order = place(shop, "a", "b")

    found = stored(shop, order)

    assert (found.customer_id, skus(found), found.version) == ("ada", ["a", "b"], 1)


def test_an_order_that_breaks_a_rule_is_not_placed(shop: Store) -> None:
    with pytest.raises(OrderNeedsLines):
        PlaceOrder(shop.unit_of_work, CLOCK, shop.ids, PRICES)(customer_id="ada", lines=())


def test_an_order_is_placed_and_changed_at_the_prices_of_the_list(shop: Store) -> None:
    before = PriceList.of(
        Article(sku="algebra", title="Algebra", unit_price_cents=4_900),
        Article(sku="weaving", title="Weaving", unit_price_cents=1_500),
    )
    after = PriceList.of(Article(sku="numbers", title="Numbers", unit_price_cents=2_500))
    placing = PlaceOrder(shop.unit_of_work, CLOCK, shop.ids, before)
    order = placing(
        customer_id="ada", lines=[RequestedLine("algebra"), RequestedLine("weaving", 2)]
    )

    adding = AddLine(shop.unit_of_work, CLOCK, after)
    changed = adding(OrderToChange(order_id=order.id), RequestedLine("numbers"))

    assert [(each.title, each.total_cents) for each in changed.lines] == [
        ("Algebra", 4_900),
        ("Weaving", 3_000),
        ("Numbers", 2_500),
    ]


def test_what_the_list_does_not_have_is_not_sold(shop: Store) -> None:
    order, nothing = place(shop, "a"), PriceList.of()
    with pytest.raises(ArticleNotSold):
        PlaceOrder(shop.unit_of_work, CLOCK, shop.ids, nothing)(
            customer_id="ada", lines=[RequestedLine("b")]
        )
    with pytest.raises(ArticleNotSold):
        AddLine(shop.unit_of_work, CLOCK, nothing)(
            OrderToChange(order_id=order.id), RequestedLine("b")
        )
    assert skus(stored(shop, order)) == ["a"]


def test_lines_come_and_go(shop: Store) -> None:
    order = add(shop, place(shop, "a", "b"), "c")

    changed = RemoveLine(shop.unit_of_work, CLOCK)(OrderToChange(order_id=order.id), "a")

    assert (skus(changed), changed.version) == (["b", "c"], 3)
    assert skus(stored(shop, order)) == ["b", "c"]


def test_an_order_is_called_off_once(shop: Store) -> None:
    order = place(shop)
    cancel = CancelOrder(shop.unit_of_work, CLOCK)
    target = OrderToChange(order_id=order.id)

    versions = [cancel(target, "changed my mind").version for _ in range(2)]

    assert versions == [2, 2]
    assert stored(shop, order).status is OrderStatus.CANCELLED


def test_a_change_is_made_at_the_expected_version(shop: Store) -> None:
    order = place(shop)
    target = OrderToChange(order_id=order.id, expected_version=1)

    assert PayOrder(shop.unit_of_work, CLOCK)(target).version == 2


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_change_of_another_version_is_a_conflict(expected: int, shop: Store) -> None:
    order = add(shop, place(shop), "c")

    with pytest.raises(ConcurrencyConflict) as refused:
        PayOrder(shop.unit_of_work, CLOCK)(
            OrderToChange(order_id=order.id, expected_version=expected)
        )

    assert (refused.value.expected, refused.value.actual) == (expected, 2)
    assert stored(shop, order).status is OrderStatus.OPEN


def test_a_change_that_is_overtaken_is_a_conflict_where_a_version_is_expected(shop: Store) -> None:
    order = place(shop)
    clock = Interrupted([lambda: add(shop, order, "c")])

    with pytest.raises(ConcurrencyConflict) as refused:
        PayOrder(shop.unit_of_work, clock)(OrderToChange(order_id=order.id, expected_version=1))

    assert (refused.value.expected, refused.value.actual) == (1, 2)
    assert stored(shop, order).status is OrderStatus.OPEN


def test_a_change_that_is_overtaken_is_decided_anew_otherwise(shop: Store) -> None:
    order = place(shop, "a", "b")
    clock = Interrupted([lambda: add(shop, order, "c"), lambda: add(shop, order, "d")])

    paid = PayOrder(shop.unit_of_work, clock)(OrderToChange(order_id=order.id))

    assert (skus(paid), paid.version) == (["a", "b", "c", "d"], 4)
    amounts = [e.event.amount_cents for e in history(shop)(order.id) if type(e.event) is OrderPaid]
    assert amounts == [4 * 4_900]


def test_what_is_decided_anew_may_be_refused(shop: Store) -> None:
    order = place(shop)
    clock = Interrupted([lambda: pay(shop, order)])

    with pytest.raises(OrderIsClosed):
        AddLine(shop.unit_of_work, clock, PRICES)(
            OrderToChange(order_id=order.id), RequestedLine("c")
        )


def test_a_change_that_is_always_overtaken_gives_up(shop: Store) -> None:
    order = place(shop)
    names = [f"x{number}" for number in range(MAX_ATTEMPTS)]
    clock = Interrupted([partial(add, shop, order, name) for name in names])

    with pytest.raises(ConcurrencyConflict):
        PayOrder(shop.unit_of_work, clock)(OrderToChange(order_id=order.id))


USE_CASES: dict[str, Callable[..., object]] = {
    "get": lambda shop, order_id, customer_id, **_: GetOrder(shop.unit_of_work)(
        order_id, customer_id
    ),
    "history": lambda shop, order_id, customer_id, **_: history(shop)(order_id, customer_id),
    "add a line": lambda shop, **whose: AddLine(shop.unit_of_work, CLOCK, PRICES)(
        OrderToChange(**whose), RequestedLine("c")
    ),
    "remove a line": lambda shop, **whose: RemoveLine(shop.unit_of_work, CLOCK)(
        OrderToChange(**whose), "a"
    ),
    "pay": lambda shop, **whose: PayOrder(shop.unit_of_work, CLOCK)(OrderToChange(**whose)),
    "cancel": lambda shop, **whose: CancelOrder(shop.unit_of_work, CLOCK)(
        OrderToChange(**whose), "mine"
    ),
}


@pytest.mark.parametrize("name", USE_CASES)
@pytest.mark.parametrize("expected_version", [None, 1, 7])
def test_an_order_of_somebody_else_is_none(
    name: str, expected_version: int | None, shop: Store
) -> None:
    """At a wrong version too: nobody learns here that the order exists."""
    order = place(shop, customer_id="ada")
    asked = {"customer_id": "grace", "expected_version": expected_version}

    for order_id in (order.id, "missing"):
        with pytest.raises(OrderNotFound) as refused:
            USE_CASES[name](shop, order_id=order_id, **asked)
        assert refused.value.aggregate_id == order_id

    assert event_store(shop).version(StreamId("Order", order.id)) == Loaded(1)


@pytest.mark.parametrize("name", USE_CASES)
@pytest.mark.parametrize("customer_id", ["ada", None])
def test_an_order_of_ones_own_is_there(name: str, customer_id: str | None, shop: Store) -> None:
    order = place(shop, customer_id="ada")

    assert USE_CASES[name](shop, order_id=order.id, customer_id=customer_id, expected_version=1)


def test_the_history_is_complete_and_in_order(shop: Store) -> None:
    order = place(shop)
    add(shop, order, "c")
    pay(shop, order)

    told = [(each.version, each.type) for each in history(shop)(order.id)]

    assert told == [(1, "OrderPlaced"), (2, "LineAdded"), (3, "OrderPaid")]
