"""Orders to test with."""

from __future__ import annotations

from domain.orders.order import Order
from domain.orders.price_list import Article, PriceList
from domain.orders.values import OrderLine
from tests.times import NOW


class _Everything(dict[str, Article]):
    def __missing__(self, sku: str) -> Article:
        return Article(sku=sku, title="A course", unit_price_cents=4_900)


PRICES = PriceList(_Everything())
"""Sells every article at one price."""


def line(sku: str = "algebra", *, quantity: int = 1, cents: int = 4_900) -> OrderLine:
    """So many courses of this article."""
    return OrderLine.of(sku=sku, title="A course", quantity=quantity, unit_price_cents=cents)


def new_order(*skus: str, id: str = "order-1", customer_id: str = "ada") -> Order:
    """An order placed at `NOW`, not stored yet."""
    lines = tuple(line(sku) for sku in skus or ("algebra", "weaving"))
    return Order.place(id=id, customer_id=customer_id, lines=lines, now=NOW)
