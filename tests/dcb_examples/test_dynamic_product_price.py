"""https://dcb.events/examples/dynamic-product-price/

Products are ordered at the prices that were shown, if these still hold: a price that was replaced
does so for ten minutes. One decision is on as many boundaries as there are products in the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from attrs import frozen

from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import Query, QueryItem, Tag, TaggedEvent
from infrastructure.contexts.context import Context
from infrastructure.events.registry import EventType
from tests.dcb_examples.given_when_then import (
    Command,
    Decision,
    Refused,
    check,
    check_only_one,
    read,
)
from tests.times import NOW

GRACE = timedelta(minutes=10)


@frozen(kw_only=True)
class PriceSet(DomainEvent):
    """A product has a price."""

    product: str
    price: int


@frozen(kw_only=True)
class ProductDefined(PriceSet):
    """Its first one."""


@frozen(kw_only=True)
class ProductPriceChanged(PriceSet):
    """Another one."""


@frozen(kw_only=True)
class ProductsOrdered(DomainEvent):
    prices: dict[str, int]


TYPES = (ProductDefined, ProductPriceChanged, ProductsOrdered)
CONTEXT = Context(event_types=tuple(EventType(cls.__name__, cls) for cls in TYPES))


def of_product(product: str) -> Tag:
    return Tag(f"product:{product}")


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def defined(product: str, price: int, minutes: int) -> TaggedEvent:
    event = ProductDefined(product=product, price=price, occurred_at=ago(minutes))
    return TaggedEvent(event=event, tags=(of_product(product),))


def changed(product: str, price: int, minutes: int) -> TaggedEvent:
    event = ProductPriceChanged(product=product, price=price, occurred_at=ago(minutes))
    return TaggedEvent(event=event, tags=(of_product(product),))


def ordered(**prices: int) -> TaggedEvent:
    event = ProductsOrdered(prices=prices, occurred_at=NOW)
    return TaggedEvent(event=event, tags=tuple(map(of_product, prices)))


def valid_prices(product: str, happened: Sequence[DomainEvent]) -> set[int]:
    """The last price that is older than the grace period, and every one since."""
    valid: set[int] = set()
    for event in happened:
        if isinstance(event, PriceSet) and event.product == product:
            is_old = event.occurred_at < NOW - GRACE
            valid = {event.price} if is_old else {*valid, event.price}
    return valid


def order(**prices: int) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        types = frozenset({ProductDefined, ProductPriceChanged})
        query = Query(tuple(QueryItem(types, frozenset({of_product(each)})) for each in prices))
        happened, condition = read(dcb, query)
        for product, price in prices.items():
            if price not in valid_prices(product, happened):
                raise Refused(f'invalid price for product "{product}"')
        return Decision(ordered(**prices), condition)

    return decide


def change(product: str, price: int) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        _, condition = read(dcb, Query.of(of_product(product)))
        return Decision(changed(product, price, 0), condition)

    return decide


P1, P2 = defined("p1", 123, 20), defined("p2", 321, 8)
INVALID = 'invalid price for product "p1"'


@pytest.mark.parametrize(
    ("given", "prices", "is_valid"),
    [
        ([defined("p1", 123, 0)], {"p1": 100}, False),
        ([defined("p1", 123, 0)], {"p1": 123}, True),
        ([P1], {"p1": 100}, False),
        ([P1, changed("p1", 134, 20)], {"p1": 123}, False),
        ([P1], {"p1": 123}, True),
        ([P1, changed("p1", 134, 9)], {"p1": 123}, True),
        ([P1, changed("p1", 134, 9)], {"p1": 134}, True),
        ([P1, changed("p1", 134, 9), P2], {"p1": 123, "p2": 321}, True),
        ([P1, changed("p1", 134, 20), P2], {"p1": 123, "p2": 321}, False),
    ],
)
def test_dynamic_product_price(
    dcb: DcbStore, given: list[TaggedEvent], prices: dict[str, int], is_valid: bool
) -> None:
    then = ordered(**prices) if is_valid else INVALID
    check(dcb, given=given, when=order(**prices), then=then)


def test_an_order_is_decided_on_the_prices_of_all_its_products(dcb: DcbStore) -> None:
    when = [change("p2", 300), order(p1=123, p2=321)]
    check_only_one(dcb, given=[P1, P2], when=when)


def test_orders_of_one_product_are_no_conflict_to_each_other(dcb: DcbStore) -> None:
    dcb.append([P1])
    for decision in [order(p1=123)(dcb), order(p1=123)(dcb)]:
        dcb.append([decision.event], decision.condition)
    assert dcb.count(Query.of(of_product("p1"), types=(ProductsOrdered,))) == 2
