"""Adding lines to an order and removing them."""

from __future__ import annotations

from attrs import frozen

from application.idempotent_request import Keep
from application.orders.change_order import OrderToChange, change_order
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order
from domain.orders.price_list import PriceList, RequestedLine


@frozen
class AddLine:
    """Adds a line to an open order, at the price of the list."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    price_list: PriceList

    def __call__(
        self, target: OrderToChange, requested: RequestedLine, keep: Keep[Order] | None = None
    ) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict` and what `add_line` raises.

        Raises `ArticleNotSold` only for an order that the customer may change.
        """

        def add(order: Order) -> None:
            order.add_line(self.price_list.line(requested), self.clock.now())

        return change_order(self.unit_of_work, target, add, keep)


@frozen
class RemoveLine:
    """Removes the line of an article from an open order."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, target: OrderToChange, sku: str) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict`; see also `remove_line`."""
        now = self.clock.now
        return change_order(self.unit_of_work, target, lambda order: order.remove_line(sku, now()))
